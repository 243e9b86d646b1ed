CREATE VIEW monthly_metrics AS
WITH daily AS MATERIALIZED (FROM core.daily_by_source),

last_days AS (
    SELECT framework, metric, source, basis, max(day) AS last_day
    FROM daily
    GROUP BY framework, metric, source, basis
),

day_months AS (
    SELECT
        daily.framework,
        daily.metric,
        daily.basis,
        daily.source,
        daily.preference,
        CAST(date_trunc('month', daily.day) AS DATE) AS month,
        any_value(metrics.aggregate) AS aggregate,
        count(*) AS observed_days,
        max(daily.day) AS last_observed,
        CASE any_value(metrics.aggregate)
            WHEN 'sum' THEN sum(daily.value)
            WHEN 'mean' THEN avg(daily.value)
            ELSE max_by(daily.value, daily.day)
        END AS value,
        CASE any_value(metrics.aggregate) WHEN 'sum' THEN avg(daily.value) END AS daily_mean
    FROM daily
    INNER JOIN core.metrics AS metrics USING (metric)
    GROUP BY daily.framework, daily.metric, daily.basis, daily.source, daily.preference, month
),

git_months AS (
    SELECT days.framework, days.metric, days.month, days.observed_days, days.value, bases.basis
    FROM (
        SELECT
            framework,
            month,
            observed_days,
            unnest([
                'commits',
                'active_contributors',
                'active_contributors_without_bots',
                'new_contributors',
                'returning_contributors',
                'masked_or_bot_commits',
                'contributor_absence_factor'
            ]) AS metric,
            unnest([
                CAST(commits AS DOUBLE),
                CAST(active_contributors AS DOUBLE),
                CAST(active_contributors_without_bots AS DOUBLE),
                CAST(new_contributors AS DOUBLE),
                CAST(returning_contributors AS DOUBLE),
                CAST(masked_or_bot_commits AS DOUBLE),
                CAST(contributor_absence_factor AS DOUBLE)
            ]) AS value
        FROM core.git_monthly
    ) AS days
    INNER JOIN core.git_bases AS bases USING (metric)
    WHERE days.value IS NOT NULL
),

candidates AS (
    SELECT
        day_months.framework, day_months.metric, day_months.month, day_months.value, day_months.daily_mean,
        day_months.basis, day_months.source, day_months.observed_days, day_months.preference,
        last_days.last_day >= months.month_end AS has_arrived,
        CASE day_months.aggregate
            WHEN 'last' THEN day_months.last_observed = months.month_end
            ELSE day_months.observed_days = months.month_days
        END AS is_whole
    FROM day_months
    INNER JOIN last_days USING (framework, metric, source, basis)
    INNER JOIN core.months AS months USING (month)
    UNION ALL BY NAME
    SELECT
        framework, metric, month, value, daily_mean, basis, source, observed_days, preference,
        true AS has_arrived, is_whole
    FROM core.framework_months
    UNION ALL BY NAME
    SELECT
        git_months.framework, git_months.metric, git_months.month, git_months.value,
        CASE metrics.aggregate WHEN 'sum' THEN git_months.value / git_months.observed_days END AS daily_mean,
        git_months.basis, 'git' AS source, git_months.observed_days, 1 AS preference,
        git_months.observed_days = months.month_days AS has_arrived,
        has_arrived AS is_whole
    FROM git_months
    INNER JOIN core.metrics AS metrics USING (metric)
    INNER JOIN core.months AS months USING (month)
)

SELECT
    candidates.framework,
    candidates.metric,
    candidates.month,
    candidates.value,
    candidates.daily_mean,
    candidates.observed_days / months.month_days AS coverage,
    months.is_over AND candidates.is_whole AS is_complete,
    candidates.basis,
    candidates.source,
    candidates.observed_days,
    months.month_days AS expected_days,
    CASE
        WHEN NOT months.is_over THEN 'running'
        WHEN candidates.is_whole THEN 'complete'
        WHEN NOT candidates.has_arrived THEN 'late'
        ELSE 'gaps'
    END AS state
FROM candidates
INNER JOIN core.months AS months USING (month)
QUALIFY row_number() OVER (
    PARTITION BY candidates.framework, candidates.metric, candidates.month
    ORDER BY candidates.is_whole DESC, candidates.preference, candidates.basis
) = 1;

COMMENT ON VIEW monthly_metrics IS 'Every metric by the calendar month, UTC. Grain: framework, metric, month. The month of as_of is there, not complete. A month without a row was not observed; of totals over windows at least half a month has to be.';
COMMENT ON COLUMN monthly_metrics.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN monthly_metrics.metric IS 'Name in metric_definitions, which has unit, definition and caveat.';
COMMENT ON COLUMN monthly_metrics.month IS 'First day of the month.';
COMMENT ON COLUMN monthly_metrics.value IS 'Sum of the observed days for counts, mean for search interest, last reading for totals, distinct people for contributors. For totals over windows: daily_mean times the days of the month.';
COMMENT ON COLUMN monthly_metrics.daily_mean IS 'Mean of the observed days, for counts: months differ in length. NULL for the other metrics.';
COMMENT ON COLUMN monthly_metrics.coverage IS 'Share of the days of the month that were observed, 0-1.';
COMMENT ON COLUMN monthly_metrics.is_complete IS 'The month is over and every day of it was observed; for totals over windows nine tenths of it, for totals on a day its last day. Only complete months may be compared.';
COMMENT ON COLUMN monthly_metrics.basis IS 'What exactly was counted. Figures on two bases are not comparable.';
COMMENT ON COLUMN monthly_metrics.source IS 'Service that answered: the preferred one that has the whole month.';
COMMENT ON COLUMN monthly_metrics.observed_days IS 'Days of the month that were observed.';
COMMENT ON COLUMN monthly_metrics.expected_days IS 'Days of the month.';
COMMENT ON COLUMN monthly_metrics.state IS 'complete; running: the month is not over; late: the source has not come to its end yet; gaps: days inside it are missing.';
