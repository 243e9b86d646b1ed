-- Where a service gives totals over windows only, a year is twelve months of them.

CREATE VIEW core.years_of_months AS
-- Each month of the service and basis that has it whole, the preferred one first, as monthly_metrics chooses.
WITH month_totals AS (
    SELECT
        *,
        service || chr(31) || basis AS origin,
        origin IS DISTINCT FROM lag(origin) OVER (PARTITION BY framework, metric ORDER BY month) AS is_change
    FROM core.download_months
    QUALIFY row_number() OVER (
        PARTITION BY framework, metric, month ORDER BY is_whole DESC, preference, basis
    ) = 1
),

-- Every month end between the first and the last that are covered.
month_spine AS (
    SELECT spans.framework, spans.metric, calendar.*, totals.value, totals.basis, totals.service, totals.is_change,
        totals.seen_days, totals.observed_days, totals.is_seen_whole, totals.is_whole
    FROM (
        SELECT framework, metric, min(month) AS first_month, max(month) AS last_month
        FROM month_totals
        WHERE is_seen_whole
        GROUP BY framework, metric
    ) AS spans
    INNER JOIN core.calendar AS calendar
        ON calendar.is_month_end AND calendar.month BETWEEN spans.first_month AND spans.last_month
    LEFT JOIN month_totals AS totals
        ON spans.framework = totals.framework AND spans.metric = totals.metric AND calendar.month = totals.month
)

SELECT
    framework,
    metric,
    day,
    window_start,
    previous_start,
    sum(value) OVER twelve_months AS value,
    CAST(coalesce(sum(seen_days) OVER twelve_months, 0) AS BIGINT) AS seen_days,
    CAST(coalesce(sum(observed_days) OVER twelve_months, 0) AS BIGINT) AS observed_days,
    window_days AS expected_days,
    12 - count(*) FILTER (WHERE is_whole) OVER twelve_months AS incomplete_months,
    count(*) FILTER (WHERE is_seen_whole) OVER twelve_months = 12 AS is_seen_whole,
    max(month) FILTER (WHERE is_change) OVER so_far AS same_since,
    last_value(basis IGNORE NULLS) OVER so_far AS basis,
    last_value(service IGNORE NULLS) OVER so_far AS service
FROM month_spine
WINDOW
    so_far AS (PARTITION BY framework, metric ORDER BY month ROWS UNBOUNDED PRECEDING),
    twelve_months AS (
        PARTITION BY framework, metric ORDER BY month
        RANGE BETWEEN INTERVAL 11 MONTH PRECEDING AND CURRENT ROW
    );
COMMENT ON VIEW core.years_of_months IS 'The 12 months that end with a month end, from totals over windows. incomplete_months: how many of them are not complete in monthly_metrics.';
