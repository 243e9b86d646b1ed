CREATE VIEW core.years_of_days AS
-- The figure of each day; is_change where service or basis is another one than on the observed day before.
WITH daily AS MATERIALIZED (
    SELECT
        daily.*,
        metrics.aggregate,
        CASE metrics.aggregate WHEN 'mean' THEN 7 ELSE 1 END AS days,
        daily.service || chr(31) || daily.basis AS origin,
        lost.day IS NOT NULL AS is_lost,
        origin IS DISTINCT FROM lag(origin) OVER (PARTITION BY daily.framework, daily.metric ORDER BY daily.day) AS is_change
    FROM core.daily AS daily
    INNER JOIN core.metrics AS metrics USING (metric)
    INNER JOIN core.calendar AS calendar USING (day)
    LEFT JOIN core.lost_days AS lost
        ON daily.framework = lost.framework
        AND daily.metric = lost.metric
        AND daily.service = lost.service
        AND daily.day = lost.day
    WHERE metrics.aggregate <> 'mean' OR calendar.is_middle_of_week
),

spans AS (
    SELECT framework, metric, aggregate, days, min(day) AS first_day, max(day) + days - 1 AS last_day
    FROM daily
    GROUP BY framework, metric, aggregate, days
),

-- Every day between the first and the last, so that the windows slide over days without a figure too: a row is a day, and
-- as many rows back as a window has days before its last is the same as a range of days, in half the time.
spine AS (
    SELECT spans.framework, spans.metric, spans.aggregate, spans.days, calendar.*, daily.value, daily.basis, daily.service,
        daily.is_change, daily.is_lost
    FROM spans
    INNER JOIN core.calendar AS calendar ON calendar.day BETWEEN spans.first_day AND spans.last_day
    LEFT JOIN daily
        ON spans.framework = daily.framework AND spans.metric = daily.metric AND calendar.day = daily.day
)

-- Readings (aggregate last) are not summed: the one of the day is set against that of the day before the window.
-- Means are taken of decimals, so that the order in which they are added up does not matter.
SELECT
    framework,
    metric,
    day,
    window_start,
    CASE aggregate WHEN 'last' THEN window_start - 1 ELSE previous_start END AS previous_start,
    CASE aggregate
        WHEN 'sum' THEN sum(value) OVER twelve_months
        WHEN 'mean' THEN avg(CAST(value AS DECIMAL(38, 12))) OVER twelve_months
        ELSE value
    END AS value,
    CASE aggregate WHEN 'last' THEN count(value) OVER today ELSE days * count(value) OVER twelve_months END AS seen_days,
    CASE aggregate
        WHEN 'last' THEN count(value) FILTER (WHERE NOT is_lost) OVER today
        ELSE days * count(value) FILTER (WHERE NOT is_lost) OVER twelve_months
    END AS observed_days,
    CASE aggregate WHEN 'last' THEN 1 WHEN 'mean' THEN window_week_days ELSE window_days END AS expected_days,
    seen_days = expected_days AS is_seen_whole,
    last_value(CASE WHEN is_change THEN day - days + 1 END IGNORE NULLS) OVER so_far AS same_since,
    last_value(basis IGNORE NULLS) OVER so_far AS basis,
    last_value(service IGNORE NULLS) OVER so_far AS service
FROM spine
WINDOW
    so_far AS (PARTITION BY framework, metric ORDER BY day ROWS UNBOUNDED PRECEDING),
    today AS (PARTITION BY framework, metric ORDER BY day ROWS BETWEEN CURRENT ROW AND CURRENT ROW),
    twelve_months AS (
        PARTITION BY framework, metric ORDER BY day
        ROWS BETWEEN CAST(day - window_start AS INTEGER) PRECEDING AND CURRENT ROW
    );
COMMENT ON VIEW core.years_of_days IS 'The 12 months that end with a day, from figures by the day. same_since: from when on service and basis are those of the last day. seen_days and is_seen_whole count days of losses too, observed_days does not.';
