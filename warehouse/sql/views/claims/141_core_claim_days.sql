-- The figures that claims are checked with, by the day.

CREATE VIEW core.claim_packages AS
SELECT claims.position, packages.package
FROM core.claims AS claims
INNER JOIN core.metrics AS metrics ON claims.metric = metrics.metric AND len(metrics.counted_as) > 0
INNER JOIN core.framework_packages AS packages
    ON claims.framework = packages.framework AND packages.role = 'counted'
WHERE claims.packages = ''
UNION ALL
SELECT position, unnest(string_split(packages, ',')) AS package
FROM core.claims
WHERE packages <> '';
COMMENT ON VIEW core.claim_packages IS 'Whose downloads a reading of a claim means: a row for each reading, by its position, and package.';

CREATE VIEW core.claim_days AS
-- Downloads of the packages that are meant, each basis for itself unless the reading names one.
WITH downloads AS (
    SELECT
        claims.position, claims.framework, claims.metric, packages.package, days.basis, days.day, days.value, days.low,
        days.high, days.is_observed, days.service
    FROM core.claims AS claims
    INNER JOIN core.claim_packages AS packages USING (position)
    INNER JOIN core.package_days AS days USING (package)
    INNER JOIN core.download_bases AS bases ON claims.metric = bases.metric AND days.basis = bases.basis
    WHERE claims.basis IN ('', days.basis)
),

-- Until all packages have come so far, but for those that were given up two months before the others.
reached AS (
    SELECT position, basis, min(last_day) AS last_day
    FROM (
        SELECT position, basis, package, max(day) AS last_day
        FROM downloads
        GROUP BY position, basis, package
        QUALIFY last_day + INTERVAL 2 MONTH >= max(last_day) OVER (PARTITION BY position, basis)
    )
    GROUP BY position, basis
),

days AS (
    SELECT
        downloads.position, downloads.framework, downloads.metric, downloads.basis, downloads.day,
        sum(downloads.value) AS value, sum(downloads.low) AS low, sum(downloads.high) AS high,
        bool_and(downloads.is_observed) AS is_observed, min(downloads.service) AS service
    FROM downloads
    INNER JOIN reached USING (position, basis)
    WHERE downloads.day <= reached.last_day
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT
        claims.position, claims.framework, claims.metric, days.basis, days.day, days.value, days.value AS low,
        days.value AS high, true AS is_observed, days.service
    FROM core.claims AS claims
    INNER JOIN core.metrics AS metrics ON claims.metric = metrics.metric AND len(metrics.counted_as) = 0
    INNER JOIN daily_metrics AS days ON claims.framework = days.framework AND claims.metric = days.metric
    WHERE metrics.aggregate IN ('sum', 'last')
)

SELECT
    days.position, days.basis, days.day, days.value, days.low, days.high,
    days.is_observed AS is_told, days.is_observed AND lost.day IS NULL AS is_observed, days.service
FROM days
INNER JOIN core.claims AS claims USING (position)
LEFT JOIN core.lost_days AS lost
    ON days.framework = lost.framework
    AND days.metric = lost.metric
    AND days.service = lost.service
    AND days.day = lost.day
WHERE days.day BETWEEN coalesce(claims.first_day, DATE '-infinity') AND coalesce(claims.last_day, DATE 'infinity');
COMMENT ON VIEW core.claim_days IS 'What a reading of a claim, by its position, counts on a day, on each basis: value and its bounds, whether a service told it, and whether the day was observed whole: on days of losses it was not.';

CREATE VIEW core.claim_sums AS
-- Days without figures can be left out, or taken to be as the day before. Where that makes a difference both are honest.
WITH told AS MATERIALIZED (FROM core.claim_days),

methods AS (
    SELECT position, basis, unnest(CASE WHEN bool_and(is_told) THEN ['all days'] ELSE ['filled', 'told'] END) AS method
    FROM told
    GROUP BY position, basis
),

days AS (
    SELECT
        told.position, told.basis, methods.method, told.day, told.is_observed, told.service,
        methods.method = 'told' AND NOT told.is_told AS is_left_out, told.value, told.low, told.high
    FROM told
    INNER JOIN methods USING (position, basis)
)

SELECT
    days.position, days.basis, days.method, days.day, days.service,
    CASE metrics.aggregate
        WHEN 'last' THEN days.value ELSE coalesce(sum(days.value) FILTER (WHERE NOT days.is_left_out) OVER so_far, 0)
    END AS value,
    CASE metrics.aggregate
        WHEN 'last' THEN days.low ELSE coalesce(sum(days.low) FILTER (WHERE NOT days.is_left_out) OVER so_far, 0)
    END AS low,
    CASE metrics.aggregate
        WHEN 'last' THEN days.high ELSE coalesce(sum(days.high) FILTER (WHERE NOT days.is_left_out) OVER so_far, 0)
    END AS high,
    CASE metrics.aggregate
        WHEN 'last' THEN CAST(days.is_observed AS BIGINT) ELSE count(*) FILTER (WHERE days.is_observed) OVER so_far
    END AS observed_days
FROM days
INNER JOIN core.claims AS claims USING (position)
INNER JOIN core.metrics AS metrics USING (metric)
WINDOW so_far AS (
    PARTITION BY days.position, days.basis, days.method ORDER BY days.day ROWS UNBOUNDED PRECEDING
);
COMMENT ON VIEW core.claim_sums IS 'What a reading of a claim had come to at the end of a day: the sum since its beginning, or the reading of the day for totals on a day.';
