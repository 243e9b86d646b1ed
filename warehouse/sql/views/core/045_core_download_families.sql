-- Downloads of frameworks: the packages that count for one, added up, and the lower bound without those that install it.

CREATE VIEW core.download_bases AS
SELECT metric, unnest(counted_as) AS basis, generate_subscripts(counted_as, 1) AS preference
FROM core.metrics;
COMMENT ON VIEW core.download_bases IS 'Which metric a basis belongs to, and which is preferred within it (1 first); bases are never added up.';

-- A day of a family needs every package that the service had by then: half a family is no figure.
CREATE VIEW core.family_days AS
WITH days AS MATERIALIZED (
    SELECT service, package, basis, period_start AS day, downloads
    FROM core.downloads
    WHERE period_start = period_end
),

first_days AS (
    SELECT service, package, basis, min(day) AS first_day
    FROM days
    GROUP BY service, package, basis
),

-- The packages of each family with the first day that each service has of them.
due AS (
    SELECT
        packages.framework, packages.role, first_days.service, first_days.package, first_days.basis,
        first_days.first_day, packages.since
    FROM core.framework_packages AS packages
    INNER JOIN first_days USING (package)
),

-- What the packages add up to on a day, and how many of them had a figure.
found AS (
    SELECT
        due.framework,
        due.role,
        days.service,
        days.basis,
        days.day,
        sum(days.downloads) AS downloads,
        count(*) AS packages,
        max(due.since) AS since
    FROM days
    INNER JOIN due
        ON days.service = due.service AND days.package = due.package AND days.basis = due.basis
    GROUP BY due.framework, due.role, days.service, days.basis, days.day
)

SELECT
    found.framework, found.role, found.service, found.basis, found.day, CAST(found.downloads AS DOUBLE) AS daily_mean,
    found.since
FROM found
INNER JOIN (
    SELECT framework, role, service, basis, list(first_day) AS first_days
    FROM due
    GROUP BY framework, role, service, basis
) AS families USING (framework, role, service, basis)
WHERE found.packages = len(list_filter(families.first_days, lambda first_day: first_day <= found.day));
COMMENT ON VIEW core.family_days IS 'Downloads a day of the packages that a framework counts (role counted) and of those that install it (requires).';

CREATE VIEW core.family_months AS
SELECT
    packages.framework,
    packages.role,
    months.service,
    months.basis,
    months.month AS day,
    months.month_days,
    sum(months.daily_mean) AS daily_mean,
    min(months.observed_days) AS observed_days,
    max(packages.since) AS since
FROM core.package_months AS months
INNER JOIN core.framework_packages AS packages USING (package)
GROUP BY packages.framework, packages.role, months.service, months.basis, months.month, months.month_days;
COMMENT ON VIEW core.family_months IS 'The same for months, from window totals: the daily mean of the window.';

CREATE VIEW core.download_periods AS
-- Days and months alike: a daily mean over so many days. The first day names the period.
WITH families AS MATERIALIZED (
    SELECT framework, role, service, basis, day, daily_mean, since, false AS is_month, 1 AS period_days, 1 AS observed_days
    FROM core.family_days
    UNION ALL BY NAME
    SELECT
        framework, role, service, basis, day, daily_mean, since, true AS is_month, month_days AS period_days,
        observed_days
    FROM core.family_months
),

-- The downloads of the packages that count for the framework, under the metric that the basis belongs to.
counted AS (
    SELECT families.*, bases.metric, bases.preference
    FROM families
    INNER JOIN core.download_bases AS bases USING (basis)
    WHERE families.role = 'counted'
),

-- The same less those that install it, from the day of the dependency on: a bound, because some want both.
lower_bound AS (
    SELECT
        counted.* REPLACE (
            'pypi_downloads_lower_bound' AS metric,
            greatest(counted.daily_mean - requiring.daily_mean, 0) AS daily_mean,
            least(counted.observed_days, requiring.observed_days) AS observed_days,
            counted.basis || ', less the packages that install it' AS basis
        )
    FROM counted
    INNER JOIN families AS requiring
        ON requiring.role = 'requires'
        AND counted.framework = requiring.framework
        AND counted.service = requiring.service
        AND counted.basis = requiring.basis
        AND counted.is_month = requiring.is_month
        AND counted.day = requiring.day
        AND counted.day >= requiring.since
    WHERE counted.metric = 'pypi_downloads'
)

SELECT
    everything.framework,
    everything.metric,
    everything.day,
    everything.is_month,
    everything.period_days,
    everything.observed_days,
    everything.daily_mean,
    everything.daily_mean * everything.period_days AS value,
    everything.basis,
    everything.service,
    services.preference * 10 + everything.preference AS preference
FROM (
    FROM counted
    UNION ALL BY NAME
    FROM lower_bound
) AS everything
INNER JOIN core.services AS services USING (service);
COMMENT ON VIEW core.download_periods IS 'Downloads of a framework by the day and, from window totals, by the month, for each service and basis; the lower bound among them.';

CREATE VIEW core.download_days AS
SELECT framework, metric, day, value, basis, service, preference
FROM core.download_periods
WHERE NOT is_month;
COMMENT ON VIEW core.download_days IS 'Downloads a day of a framework, for each service and basis.';

CREATE VIEW core.download_months AS
SELECT
    framework, metric, day AS month, value, daily_mean, observed_days, observed_days >= 0.9 * period_days AS is_whole,
    basis, service, preference
FROM core.download_periods
WHERE is_month;
COMMENT ON VIEW core.download_months IS 'Window totals of a framework as months: the daily mean of the window times the days of the month; whole from nine tenths on.';
