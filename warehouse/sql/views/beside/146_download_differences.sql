CREATE VIEW download_differences AS
-- The figures of the last 13 months, days of every service and totals over windows.
WITH figures AS (
    SELECT downloads.*, services.preference
    FROM core.downloads AS downloads
    INNER JOIN core.services AS services USING (service)
    CROSS JOIN core.clock AS clock
    WHERE downloads.period_end >= clock.as_of - INTERVAL 13 MONTH
),

days AS (SELECT * FROM figures WHERE period_start = period_end),

-- The same days of one package on one basis, as two services tell them.
pairs AS (
    SELECT
        days.package, days.basis, CAST(date_trunc('month', days.period_start) AS DATE) AS month, days.service,
        other.service AS other_service, days.period_start AS day, days.downloads AS value, other.downloads AS other_value,
        1 AS days
    FROM days
    INNER JOIN days AS other
        ON days.package = other.package AND days.basis = other.basis AND days.period_start = other.period_start
        AND (days.preference, days.service) < (other.preference, other.service)
    UNION ALL BY NAME
    -- A total over a window, beside the days that it covers where another service has all of them.
    SELECT
        windows.package, windows.basis, CAST(date_trunc('month', windows.period_end) AS DATE) AS month, days.service,
        windows.service AS other_service, windows.period_end AS day, sum(days.downloads) AS value,
        windows.downloads * (windows.period_end - windows.period_start + 1) / windows.window_days AS other_value,
        count(*) AS days
    FROM figures AS windows
    INNER JOIN days
        ON windows.package = days.package AND windows.basis = days.basis AND windows.service <> days.service
        AND days.period_start BETWEEN windows.period_start AND windows.period_end
    WHERE windows.period_end > windows.period_start AND windows.window_days > 0
    GROUP BY
        windows.package, windows.basis, windows.service, windows.period_start, windows.period_end, windows.window_days,
        windows.downloads, days.service
    HAVING count(*) = windows.period_end - windows.period_start + 1
),

months AS (
    SELECT
        package, basis, month, service, other_service, CAST(sum(days) AS BIGINT) AS days, sum(value) AS value,
        sum(other_value) AS other_value, max(day) AS last_day
    FROM pairs
    GROUP BY package, basis, month, service, other_service
),

-- Breaks that lie in the month and concern one of the two services.
breaks AS (
    SELECT months.package, months.basis, months.month, months.service, months.other_service,
        min_by(rtrim(breaks.what_changed, '.'), breaks.effective_on) AS what
    FROM months
    INNER JOIN core.framework_packages AS packages USING (package)
    INNER JOIN core.download_bases AS bases USING (basis)
    INNER JOIN core.series_breaks AS breaks
        ON packages.framework = breaks.framework
        AND bases.metric = breaks.metric
        AND breaks.service IN (months.service, months.other_service)
        AND breaks.effective_on <= last_day(months.month)
        AND coalesce(breaks.ends_on, breaks.effective_on) >= months.month
    GROUP BY ALL
)

SELECT
    months.package, months.basis, months.month, months.service, months.other_service, months.days, months.value,
    months.other_value,
    months.other_value / nullif(months.value, 0) - 1 AS difference,
    CASE
        WHEN abs(difference) <= 0.02 THEN NULL
        WHEN breaks.what IS NOT NULL THEN format('counted differently in this month: {}', breaks.what)
        WHEN months.last_day > clock.as_of - 15
            THEN 'one of them has not yet repaired its last days; both are asked for them again'
        WHEN difference < 0 THEN format('{} lacks events that {} has, and has not repaired them', months.other_service, months.service)
        ELSE format('{} lacks events that {} has, and has not repaired them', months.service, months.other_service)
    END AS likely_cause
FROM months
CROSS JOIN core.clock AS clock
LEFT JOIN breaks USING (package, basis, month, service, other_service);

COMMENT ON VIEW download_differences IS 'The same downloads as two services count them on one basis, of the last 13 months: days that both have, and totals over windows beside the days of another service. Grain: package, basis, month, service, other_service. What differs by more than 2 % is among source_notes too.';
COMMENT ON COLUMN download_differences.package IS 'Package, by its standard name.';
COMMENT ON COLUMN download_differences.basis IS 'What exactly both count.';
COMMENT ON COLUMN download_differences.month IS 'First day of the month; a window belongs to the month of its last day.';
COMMENT ON COLUMN download_differences.service IS 'The service that is preferred.';
COMMENT ON COLUMN download_differences.other_service IS 'The service that stands in for it.';
COMMENT ON COLUMN download_differences.days IS 'Days that both have.';
COMMENT ON COLUMN download_differences.value IS 'Downloads on these days, as service counts.';
COMMENT ON COLUMN download_differences.other_value IS 'The same as other_service counts.';
COMMENT ON COLUMN download_differences.difference IS 'other_value / value - 1.';
COMMENT ON COLUMN download_differences.likely_cause IS 'Where they differ by more than 2 %: why, as far as breaks, repairs and the sign tell.';
