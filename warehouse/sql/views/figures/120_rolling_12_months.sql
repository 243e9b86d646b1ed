CREATE VIEW rolling_12_months AS
WITH daily AS MATERIALIZED (
    SELECT
        daily.*,
        metrics.aggregate,
        daily.source || chr(31) || daily.basis AS origin,
        origin IS DISTINCT FROM lag(origin) OVER (PARTITION BY daily.framework, daily.metric ORDER BY daily.day) AS is_change
    FROM core.daily AS daily
    INNER JOIN core.metrics AS metrics USING (metric)
),

spans AS (
    SELECT framework, metric, aggregate, min(day) AS first_day, max(day) AS last_day
    FROM daily
    GROUP BY framework, metric, aggregate
),

spine AS (
    SELECT spans.framework, spans.metric, spans.aggregate, calendar.*, daily.value, daily.basis, daily.source, daily.is_change
    FROM spans
    INNER JOIN core.calendar AS calendar ON calendar.day BETWEEN spans.first_day AND spans.last_day
    LEFT JOIN daily
        ON spans.framework = daily.framework AND spans.metric = daily.metric AND calendar.day = daily.day
),

from_days AS (
    SELECT
        framework,
        metric,
        day,
        window_start,
        CASE aggregate WHEN 'last' THEN window_start - 1 ELSE previous_start END AS previous_start,
        CASE aggregate
            WHEN 'sum' THEN sum(value) OVER twelve_months
            WHEN 'mean' THEN avg(value) OVER twelve_months
            ELSE value
        END AS value,
        CASE aggregate WHEN 'last' THEN count(value) OVER today ELSE count(value) OVER twelve_months END AS observed_days,
        CASE aggregate WHEN 'last' THEN 1 ELSE window_days END AS expected_days,
        max(day) FILTER (WHERE is_change) OVER so_far AS same_since,
        last_value(basis IGNORE NULLS) OVER so_far AS basis,
        last_value(source IGNORE NULLS) OVER so_far AS source,
        1 AS preference
    FROM spine
    WINDOW
        so_far AS (PARTITION BY framework, metric ORDER BY day ROWS UNBOUNDED PRECEDING),
        today AS (PARTITION BY framework, metric ORDER BY day ROWS BETWEEN CURRENT ROW AND CURRENT ROW),
        twelve_months AS (
            PARTITION BY framework, metric ORDER BY day
            RANGE BETWEEN to_days(CAST(day - window_start AS INTEGER)) PRECEDING AND CURRENT ROW
        )
),

-- Where a service gives totals over windows only, a year is twelve months of them.
month_totals AS (
    SELECT
        *,
        source || chr(31) || basis AS origin,
        origin IS DISTINCT FROM lag(origin) OVER (PARTITION BY framework, metric ORDER BY month) AS is_change
    FROM core.framework_months
    WHERE is_whole
    QUALIFY row_number() OVER (PARTITION BY framework, metric, month ORDER BY preference, basis) = 1
),

month_spine AS (
    SELECT spans.framework, spans.metric, calendar.*, totals.value, totals.basis, totals.source, totals.is_change
    FROM (
        SELECT framework, metric, min(month) AS first_month, max(month) AS last_month
        FROM month_totals
        GROUP BY framework, metric
    ) AS spans
    INNER JOIN core.calendar AS calendar
        ON calendar.is_month_end AND calendar.month BETWEEN spans.first_month AND spans.last_month
    LEFT JOIN month_totals AS totals
        ON spans.framework = totals.framework AND spans.metric = totals.metric AND calendar.month = totals.month
),

from_months AS (
    SELECT
        framework,
        metric,
        day,
        window_start,
        previous_start,
        sum(value) OVER twelve_months AS value,
        CAST(sum(CASE WHEN value IS NOT NULL THEN CAST(day - month AS INTEGER) + 1 ELSE 0 END) OVER twelve_months AS BIGINT) AS observed_days,
        window_days AS expected_days,
        max(month) FILTER (WHERE is_change) OVER so_far AS same_since,
        last_value(basis IGNORE NULLS) OVER so_far AS basis,
        last_value(source IGNORE NULLS) OVER so_far AS source,
        2 AS preference
    FROM month_spine
    WINDOW
        so_far AS (PARTITION BY framework, metric ORDER BY month ROWS UNBOUNDED PRECEDING),
        twelve_months AS (
            PARTITION BY framework, metric ORDER BY month
            RANGE BETWEEN INTERVAL 11 MONTH PRECEDING AND CURRENT ROW
        )
),

from_history AS (
    SELECT history.*, bases.basis
    FROM (
        SELECT
            framework,
            first_day,
            day,
            window_start,
            previous_start,
            window_days,
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
        FROM core.git_rolling
    ) AS history
    INNER JOIN core.git_bases AS bases USING (metric)
    WHERE history.value IS NOT NULL
),

series AS MATERIALIZED (
    SELECT
        * EXCLUDE (preference)
        REPLACE (CASE WHEN observed_days >= 0.95 * expected_days THEN value END AS value)
    FROM (
        FROM from_days
        UNION ALL BY NAME
        FROM from_months
    )
    QUALIFY row_number() OVER (
        PARTITION BY framework, metric, day ORDER BY observed_days = expected_days DESC, preference
    ) = 1
    UNION ALL BY NAME
    SELECT
        framework, metric, day, window_start, previous_start, value, window_days AS observed_days,
        window_days AS expected_days, first_day AS same_since, basis, 'git' AS source
    FROM from_history
),

compared AS MATERIALIZED (
    SELECT
        series.*,
        previous.value AS previous_value,
        CASE
            WHEN series.observed_days = 0 AND series.expected_days = 1 THEN 'There is no reading on this day.'
            WHEN series.observed_days < series.expected_days
                THEN format('{} of the {} days of these 12 months were observed.', series.observed_days, series.expected_days)
            WHEN series.source = 'git' AND series.same_since > series.previous_start
                THEN format('The history begins on {}, later than the 12 months before.', series.same_since)
            WHEN coalesce(previous.observed_days, 0) = 0 THEN 'Nothing was observed in the 12 months before.'
            WHEN previous.observed_days < previous.expected_days
                THEN format('{} of the {} days of the 12 months before were observed.', previous.observed_days, previous.expected_days)
            WHEN series.same_since > series.previous_start
                THEN format('Source or basis is another one since {}: now {}, {}.', series.same_since, series.source, series.basis)
            WHEN previous.value = 0 THEN 'The 12 months before count none.'
        END AS reason
    FROM series
    LEFT JOIN series AS previous
        ON series.framework = previous.framework
        AND series.metric = previous.metric
        AND series.window_start - 1 = previous.day
),

-- A break counts where it lies inside the two windows: on their first day everything is already counted the new way.
broken AS (
    SELECT
        spans.framework,
        spans.metric,
        spans.source,
        spans.day,
        max_by(
            struct_pack(
                what := rtrim(breaks.what_changed, '.'), since := breaks.effective_on, is_suspected := breaks.is_suspected
            ),
            (NOT breaks.is_suspected, breaks.effective_on, breaks.what_changed)
        ) AS main_break,
        count(*) AS breaks
    FROM compared AS spans
    INNER JOIN core.series_breaks AS breaks
        ON spans.framework = breaks.framework
        AND spans.metric = breaks.metric
        AND spans.source = breaks.source
        AND breaks.effective_on <= spans.day
        AND coalesce(breaks.ends_on + 1, breaks.effective_on) > spans.previous_start
    GROUP BY spans.framework, spans.metric, spans.source, spans.day
),

judged AS (
    SELECT
        compared.*,
        coalesce(
            compared.reason,
            CASE WHEN broken.main_break.is_suspected THEN 'Perhaps counted' ELSE 'Counted' END
                || format(' differently since {}: {}.', broken.main_break.since, broken.main_break.what)
                || CASE WHEN broken.breaks > 1 THEN format(' {} breaks in all.', broken.breaks) ELSE '' END
        ) AS why_not
    FROM compared
    LEFT JOIN broken
        ON compared.framework = broken.framework AND compared.metric = broken.metric AND compared.day = broken.day
)

SELECT
    framework,
    metric,
    day,
    value,
    previous_value,
    CASE WHEN why_not IS NULL THEN value / previous_value - 1 END AS change,
    why_not IS NULL AS is_comparable,
    why_not AS reason,
    basis,
    source,
    observed_days,
    expected_days
FROM judged;

COMMENT ON VIEW rolling_12_months IS 'The 12 calendar months that end with a day beside the 12 before, daily; at month ends for totals over windows and for the contributor absence factor. Grain: framework, metric, day.';
COMMENT ON COLUMN rolling_12_months.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN rolling_12_months.metric IS 'Name in metric_definitions, which has unit, definition and caveat.';
COMMENT ON COLUMN rolling_12_months.day IS 'Last day of the 12 months, UTC. They start on the day after the same day a year before.';
COMMENT ON COLUMN rolling_12_months.value IS 'Sum over the 12 months for counts, mean for search interest, the reading of the day for totals, distinct people for contributors. NULL where less than 95 % of the days were observed.';
COMMENT ON COLUMN rolling_12_months.previous_value IS 'The same for the 12 months before. NULL where they were not observed.';
COMMENT ON COLUMN rolling_12_months.change IS 'value / previous_value - 1. NULL when not comparable.';
COMMENT ON COLUMN rolling_12_months.is_comparable IS 'Every day of both windows was observed, from one source on one basis, and no break in measurement_breaks lies between them.';
COMMENT ON COLUMN rolling_12_months.reason IS 'Why the two are not comparable, in one sentence; NULL when they are.';
COMMENT ON COLUMN rolling_12_months.basis IS 'What exactly was counted on the last day.';
COMMENT ON COLUMN rolling_12_months.source IS 'Service that answered on the last day.';
COMMENT ON COLUMN rolling_12_months.observed_days IS 'Days of the 12 months that were observed.';
COMMENT ON COLUMN rolling_12_months.expected_days IS 'Days of the 12 months; 1 for totals on a day.';
