-- Days that may be added up: those of the metrics that have adds_up_to in the catalogue, each basis for itself.

CREATE VIEW core.added_days AS
WITH packages AS (SELECT framework, package FROM core.framework_packages WHERE role = 'counted'),

days AS (
    SELECT
        packages.framework, bases.metric, days.package, days.basis, days.day, days.value,
        CASE WHEN days.is_observed THEN days.low ELSE 0 END AS low, days.high, days.is_observed AND lost.day IS NULL AS is_observed, days.service
    FROM core.package_days AS days
    INNER JOIN packages USING (package)
    INNER JOIN core.download_bases AS bases USING (basis)
    LEFT JOIN core.lost_days AS lost
        ON packages.framework = lost.framework
        AND bases.metric = lost.metric
        AND days.service = lost.service
        AND days.day = lost.day
),

-- A family goes on as long as those of its packages do that were not given up two months before the others.
reached AS (
    SELECT framework, basis, min(last_day) AS last_day
    FROM (
        SELECT framework, basis, package, max(day) AS last_day
        FROM days
        GROUP BY framework, basis, package
        QUALIFY last_day + INTERVAL 2 MONTH >= max(last_day) OVER (PARTITION BY framework, basis)
    )
    GROUP BY framework, basis
)

SELECT
    days.framework, days.metric, days.basis, days.day, sum(days.value) AS value, sum(days.low) AS low,
    sum(days.high) AS high, bool_and(days.is_observed) AS is_observed, min(days.service) AS service
FROM days
INNER JOIN reached ON days.framework = reached.framework AND days.basis = reached.basis AND days.day <= reached.last_day
GROUP BY days.framework, days.metric, days.basis, days.day
UNION ALL BY NAME
SELECT
    days.framework, days.metric, days.basis, days.day, days.value, days.value AS low, days.value AS high,
    lost.day IS NULL AS is_observed, days.service
FROM daily_metrics AS days
INNER JOIN core.metrics AS metrics USING (metric)
LEFT JOIN core.lost_days AS lost USING (framework, metric, service, day)
WHERE metrics.adds_up_to IS NOT NULL AND metrics.raw_table <> 'raw.pypi_downloads';
COMMENT ON VIEW core.added_days IS 'Figures by the day that may be added up, of one basis each: value, its bounds, and whether the day was observed whole.';

CREATE VIEW core.sums AS
SELECT
    *,
    first_value(day) OVER so_far AS first_day,
    CAST(day - first_day AS BIGINT) + 1 AS expected_days
FROM (
    SELECT
        framework,
        metric,
        basis,
        day,
        service,
        sum(value) OVER so_far AS value,
        sum(low) OVER so_far AS low,
        sum(high) OVER so_far AS high,
        count_if(is_observed) OVER so_far AS observed_days
    FROM core.added_days
    WINDOW so_far AS (PARTITION BY framework, metric, basis ORDER BY day ROWS UNBOUNDED PRECEDING)
)
WINDOW so_far AS (PARTITION BY framework, metric, basis ORDER BY day ROWS UNBOUNDED PRECEDING);
COMMENT ON VIEW core.sums IS 'Of each series all that was counted up to the end of a day.';
