-- Downloads of each package by the day, for whatever adds days up. Where a service gives totals over windows only, a day is
-- the mean of the windows that hold it: each spread evenly over its days, so overlapping windows are averaged.

CREATE VIEW core.package_days AS
WITH spread AS (
    SELECT
        service,
        package,
        basis,
        CAST(unnest(range(period_start, period_end + INTERVAL 1 DAY, INTERVAL 1 DAY)) AS DATE) AS day,
        downloads / window_days AS value
    FROM core.downloads
    WHERE window_days > 0
),

-- What the windows of one service say of a day, and the least and the most that any of them says.
told AS (
    SELECT service, package, basis, day, avg(value) AS value, min(value) AS low, max(value) AS high
    FROM spread
    GROUP BY service, package, basis, day
),

-- The service that is preferred of those that have the day on this basis.
chosen AS (
    SELECT told.*
    FROM told
    INNER JOIN core.services AS services USING (service)
    QUALIFY row_number() OVER (
        PARTITION BY told.package, told.basis, told.day ORDER BY services.preference, told.service
    ) = 1
),

-- Each day with the one that follows, and how many days are missing between the two.
followed AS (
    SELECT
        *,
        lead(day) OVER later - day - 1 AS missing_days,
        lead(low) OVER later AS next_low,
        lead(high) OVER later AS next_high
    FROM chosen
    WINDOW later AS (PARTITION BY package, basis ORDER BY day)
)

SELECT package, basis, day, value, low, high, true AS is_observed, service
FROM followed
UNION ALL BY NAME
-- Up to a month without figures is taken to be as the day before it, within what is told on both sides of it.
SELECT
    package,
    basis,
    CAST(unnest(range(day + INTERVAL 1 DAY, day + to_days(CAST(missing_days + 1 AS INTEGER)), INTERVAL 1 DAY)) AS DATE) AS day,
    value,
    least(low, next_low) AS low,
    greatest(high, next_high) AS high,
    false AS is_observed,
    service
FROM followed
WHERE missing_days BETWEEN 1 AND 31;
COMMENT ON VIEW core.package_days IS 'Downloads of a package on a day, on each basis: value, and between which bounds it lies by how windows that overlap are read. is_observed false: no service has the day, which is taken to be as the one before.';
