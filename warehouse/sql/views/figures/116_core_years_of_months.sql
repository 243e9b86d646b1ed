-- Where a service gives totals over windows only, a year is twelve months of them.

CREATE VIEW core.years_of_months AS
-- The whole month of the preferred service and basis.
WITH month_totals AS (
    SELECT
        *,
        service || chr(31) || basis AS origin,
        origin IS DISTINCT FROM lag(origin) OVER (PARTITION BY framework, metric ORDER BY month) AS is_change
    FROM core.download_months
    WHERE is_whole
    QUALIFY row_number() OVER (PARTITION BY framework, metric, month ORDER BY preference, basis) = 1
),

-- Every month end between the first and the last.
month_spine AS (
    SELECT spans.framework, spans.metric, calendar.*, totals.value, totals.basis, totals.service, totals.is_change
    FROM (
        SELECT framework, metric, min(month) AS first_month, max(month) AS last_month
        FROM month_totals
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
    CAST(sum(CASE WHEN value IS NOT NULL THEN CAST(day - month AS INTEGER) + 1 ELSE 0 END) OVER twelve_months AS BIGINT) AS observed_days,
    window_days AS expected_days,
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
COMMENT ON VIEW core.years_of_months IS 'The 12 months that end with a month end, from totals over windows.';
