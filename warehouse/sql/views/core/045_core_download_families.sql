-- Downloads of frameworks: the packages that count for one, added up, and the lower bound without those that install it.

CREATE VIEW core.download_bases AS
SELECT metric, unnest(counted_as) AS basis, generate_subscripts(counted_as, 1) AS preference
FROM core.metrics;
COMMENT ON VIEW core.download_bases IS 'Which metric a basis belongs to, and which is preferred within it (1 first); bases are never added up.';

-- Days and windows of a package are told by different services, days by several: where one stands in for another it has
-- those days alone, so from when to when a package was there is read from all of them.
CREATE VIEW core.package_stretches AS
WITH periods AS (
    SELECT DISTINCT package, period_start = period_end AS is_day, period_start, period_end
    FROM core.downloads
),

spaced AS (
    SELECT
        *,
        max(period_end) OVER (
            PARTITION BY package, is_day
            ORDER BY period_start, period_end ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before
    FROM periods
),

-- Numbers the stretches of a package: what comes over two months after anything before begins another one.
numbered AS (
    SELECT
        *,
        count(*) FILTER (WHERE period_start > before + INTERVAL 2 MONTH) OVER (
            PARTITION BY package, is_day ORDER BY period_start, period_end ROWS UNBOUNDED PRECEDING
        ) AS stretch
    FROM spaced
)

SELECT package, is_day, min(period_start) AS first_day, max(period_end) AS last_day
FROM numbered
GROUP BY package, is_day, stretch;
COMMENT ON VIEW core.package_stretches IS 'From when to when each package had figures, by the day and as windows; over two months without any end a stretch.';

-- From when to when each package of a family is due: from the first to the last figure of a stretch. The last is only
-- known to be the last when the rest of the family has gone on for two months without it: until then it is late.
CREATE VIEW core.family_members AS
WITH asked AS MATERIALIZED (SELECT DISTINCT service, entity AS package FROM core.answers WHERE source = 'pypi_downloads'),

stretches AS MATERIALIZED (FROM core.package_stretches),

told AS (
    SELECT package, bool_or(is_day) AS in_days, bool_or(NOT is_day) AS in_windows
    FROM stretches
    GROUP BY package
),

-- The services that tell of a family, beside each of its packages.
families AS (
    SELECT DISTINCT packages.framework, packages.role, downloads.service, downloads.period_start = downloads.period_end AS is_day
    FROM core.framework_packages AS packages
    INNER JOIN core.downloads AS downloads USING (package)
),

-- Where a service has no figure of a package because nobody asked it, others say when the package was there. A package
-- that was asked for and not found is none; one that was never asked for is missing.
members AS (
    SELECT
        families.framework,
        families.role,
        families.service,
        packages.package,
        CASE
            WHEN CASE WHEN families.is_day THEN told.in_days ELSE told.in_windows END THEN families.is_day
            WHEN asked.package IS NULL AND told.package IS NOT NULL THEN NOT families.is_day
        END AS by_day,
        told.package IS NULL AND packages.package NOT IN (SELECT package FROM asked) AS is_unknown
    FROM families
    INNER JOIN core.framework_packages AS packages USING (framework, role)
    LEFT JOIN told ON packages.package = told.package
    LEFT JOIN asked ON families.service = asked.service AND packages.package = asked.package
)

SELECT
    members.framework,
    members.role,
    members.service,
    members.package,
    stretches.first_day,
    CASE
        WHEN stretches.last_day + INTERVAL 2 MONTH < max(stretches.last_day) OVER (
            PARTITION BY members.framework, members.role, members.service
        ) THEN stretches.last_day
        ELSE DATE 'infinity'
    END AS due_until
FROM members
INNER JOIN stretches
    ON members.package = stretches.package AND members.by_day = stretches.is_day
UNION ALL
SELECT framework, role, service, package, DATE '-infinity' AS first_day, DATE 'infinity' AS due_until
FROM members
WHERE is_unknown;
COMMENT ON VIEW core.family_members IS 'The days on which a figure of a framework from a service needs each of its packages.';

CREATE VIEW core.family_days AS
-- What the packages add up to on a day, and how many of them had a figure.
WITH found AS (
    SELECT
        packages.framework, packages.role, days.service, days.basis, days.period_start AS day,
        sum(days.downloads) AS downloads, count(*) AS packages, max(packages.since) AS since
    FROM core.downloads AS days
    INNER JOIN core.framework_packages AS packages USING (package)
    WHERE days.period_start = days.period_end
    GROUP BY packages.framework, packages.role, days.service, days.basis, days.period_start
),

families AS (
    SELECT framework, role, service, list(struct_pack(since := first_day, until := due_until)) AS members
    FROM core.family_members
    GROUP BY framework, role, service
)

-- Half a family is no figure.
SELECT
    found.framework, found.role, found.service, found.basis, found.day, CAST(found.downloads AS DOUBLE) AS daily_mean,
    found.since
FROM found
INNER JOIN families USING (framework, role, service)
WHERE found.packages = len(
    list_filter(families.members, lambda member: found.day BETWEEN member.since AND member.until)
);
COMMENT ON VIEW core.family_days IS 'Downloads a day of the packages that a framework counts (role counted) and of those that install it (requires).';

CREATE VIEW core.family_months AS
WITH found AS (
    SELECT
        packages.framework, packages.role, months.service, months.basis, months.month, months.month_days,
        sum(months.daily_mean) AS daily_mean, min(months.observed_days) AS observed_days, count(*) AS packages,
        max(packages.since) AS since
    FROM core.package_months AS months
    INNER JOIN core.framework_packages AS packages USING (package)
    GROUP BY packages.framework, packages.role, months.service, months.basis, months.month, months.month_days
),

-- How many packages are due in a month: those that are due on most of its days.
due AS (
    SELECT found.framework, found.role, found.service, found.basis, found.month, count(*) AS packages
    FROM found
    INNER JOIN core.family_members AS members USING (framework, role, service)
    WHERE members.first_day <= found.month + INTERVAL 15 DAY AND members.due_until >= found.month + INTERVAL 15 DAY
    GROUP BY found.framework, found.role, found.service, found.basis, found.month
)

SELECT
    found.framework, found.role, found.service, found.basis, found.month AS day, found.month_days, found.daily_mean,
    found.observed_days, found.since
FROM found
INNER JOIN due USING (framework, role, service, basis, month)
WHERE found.packages >= due.packages;
COMMENT ON VIEW core.family_months IS 'The same for months, from window totals: the daily mean of the window. Half a family is no figure here either.';

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

-- The same less those that install it, from the day of the dependency on, or from the beginning where config.toml names
-- no day: a bound, because some want both.
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
        AND counted.day >= coalesce(requiring.since, DATE '-infinity')
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
