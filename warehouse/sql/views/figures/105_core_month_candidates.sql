CREATE VIEW core.month_candidates AS
-- A mean is one of weeks: each counts once, on its middle day, for the days of a week.
WITH lost AS MATERIALIZED (FROM core.lost_days),

daily AS (
    SELECT
        daily.*, metrics.aggregate, metrics.figure_days AS days,
        lost.day IS NOT NULL AS is_lost
    FROM core.daily_by_service AS daily
    INNER JOIN core.metrics AS metrics USING (metric)
    INNER JOIN core.calendar AS calendar USING (day)
    LEFT JOIN lost USING (framework, metric, service, day)
    WHERE metrics.figure_days = 1 OR calendar.is_middle_of_week
),

-- The days of a month made into one figure, as the metric's aggregate says. Means are taken of decimals: those of floating
-- point would depend, in their last digits, on the order in which they are added up.
from_days AS (
    SELECT
        daily.framework,
        daily.metric,
        daily.basis,
        daily.service,
        daily.preference,
        CAST(date_trunc('month', daily.day) AS DATE) AS month,
        daily.aggregate,
        daily.days,
        CAST(daily.days * count(*) FILTER (WHERE NOT daily.is_lost) AS BIGINT) AS observed_days,
        bool_or(daily.is_lost) AS has_losses,
        max(daily.day) AS last_observed,
        CASE daily.aggregate
            WHEN 'sum' THEN sum(daily.value)
            WHEN 'mean' THEN avg(CAST(daily.value AS DECIMAL(38, 12)))
            ELSE max_by(daily.value, daily.day)
        END AS value,
        CASE daily.aggregate WHEN 'sum' THEN avg(daily.value) END AS daily_mean
    FROM daily
    GROUP BY
        daily.framework, daily.metric, daily.basis, daily.service, daily.preference, daily.aggregate, daily.days, month
),

-- How far each service has come: a month that ends later is late, not full of gaps.
last_days AS (
    SELECT framework, metric, service, basis, max(last_observed) AS last_day
    FROM from_days
    GROUP BY framework, metric, service, basis
)

-- Of days: whole when every day is there; of readings: when that of the last day is.
SELECT
    from_days.framework, from_days.metric, from_days.month, from_days.value, from_days.daily_mean,
    from_days.basis, from_days.service, from_days.observed_days, from_days.preference,
    CASE from_days.aggregate WHEN 'mean' THEN months.month_week_days ELSE months.month_days END AS expected_days,
    last_days.last_day + from_days.days > months.month_end AS has_arrived,
    CASE from_days.aggregate
        WHEN 'last' THEN from_days.last_observed = months.month_end AND NOT from_days.has_losses
        ELSE from_days.observed_days = expected_days
    END AS is_whole
FROM from_days
INNER JOIN last_days USING (framework, metric, service, basis)
INNER JOIN core.months AS months USING (month)
UNION ALL BY NAME
-- From totals over windows.
SELECT
    framework, metric, month, value, daily_mean, basis, service, observed_days, preference, months.month_days AS expected_days,
    true AS has_arrived, is_whole
FROM core.download_months
INNER JOIN core.months AS months USING (month)
UNION ALL BY NAME
-- From the history of commits, which has every day up to its last.
SELECT
    history.framework, history.metric, history.month, history.value,
    CASE metrics.aggregate WHEN 'sum' THEN history.value / history.observed_days END AS daily_mean,
    history.basis, history.service, greatest(history.observed_days - coalesce(gone.days, 0), 0) AS observed_days,
    1 AS preference, months.month_days AS expected_days,
    history.observed_days = months.month_days AS has_arrived,
    has_arrived AND gone.days IS NULL AS is_whole
FROM core.git_months AS history
INNER JOIN core.metrics AS metrics USING (metric)
INNER JOIN core.months AS months USING (month)
LEFT JOIN (
    SELECT framework, metric, service, CAST(date_trunc('month', day) AS DATE) AS month, count(*) AS days
    FROM lost
    GROUP BY ALL
) AS gone USING (framework, metric, service, month);
COMMENT ON VIEW core.month_candidates IS 'Every figure of a month, from every service and on every basis.';
