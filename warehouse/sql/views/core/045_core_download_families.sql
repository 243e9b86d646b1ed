-- Downloads of frameworks: the packages that count for one, added up, and the lower bound without those that install it.

CREATE VIEW core.download_bases AS
SELECT metric, unnest(counted_as) AS basis, generate_subscripts(counted_as, 1) AS preference
FROM core.metrics;
COMMENT ON VIEW core.download_bases IS 'Which metric a basis belongs to, and which is preferred within it (1 first); bases are never added up.';

-- From when to when each package of a family is due. A package counts from its first to its last figure. Its last is only
-- known to be the last when the rest of the family has gone on for two months without it: until then it is late.
CREATE VIEW core.family_members AS
WITH spans AS (
    SELECT service, package, basis, min(period_start) AS first_day, max(period_end) AS last_day
    FROM core.downloads
    GROUP BY service, package, basis
)

SELECT
    packages.framework,
    packages.role,
    packages.since,
    spans.service,
    spans.basis,
    spans.package,
    spans.first_day,
    CASE
        WHEN spans.last_day + INTERVAL 2 MONTH < max(spans.last_day) OVER (
            PARTITION BY packages.framework, packages.role, spans.service, spans.basis
        ) THEN spans.last_day
        ELSE DATE 'infinity'
    END AS due_until
FROM core.framework_packages AS packages
INNER JOIN spans USING (package);
COMMENT ON VIEW core.family_members IS 'The packages of a framework that a service knows on a basis, and the days on which a figure of the family needs each of them.';

CREATE VIEW core.family_days AS
-- What the packages add up to on a day, and how many of them had a figure.
WITH found AS (
    SELECT
        members.framework, members.role, members.service, members.basis, days.period_start AS day,
        sum(days.downloads) AS downloads, count(*) AS packages, max(members.since) AS since
    FROM core.downloads AS days
    INNER JOIN core.family_members AS members USING (service, package, basis)
    WHERE days.period_start = days.period_end
    GROUP BY members.framework, members.role, members.service, members.basis, days.period_start
),

families AS (
    SELECT
        framework, role, service, basis,
        list(struct_pack(since := first_day, until := due_until)) AS members
    FROM core.family_members
    GROUP BY framework, role, service, basis
)

-- Half a family is no figure.
SELECT
    found.framework, found.role, found.service, found.basis, found.day, CAST(found.downloads AS DOUBLE) AS daily_mean,
    found.since
FROM found
INNER JOIN families USING (framework, role, service, basis)
WHERE found.packages = len(
    list_filter(families.members, lambda member: found.day BETWEEN member.since AND member.until)
);
COMMENT ON VIEW core.family_days IS 'Downloads a day of the packages that a framework counts (role counted) and of those that install it (requires).';

CREATE VIEW core.family_months AS
WITH found AS (
    SELECT
        members.framework, members.role, members.service, members.basis, months.month, months.month_days,
        sum(months.daily_mean) AS daily_mean, min(months.observed_days) AS observed_days, count(*) AS packages,
        max(members.since) AS since
    FROM core.package_months AS months
    INNER JOIN core.family_members AS members USING (service, package, basis)
    GROUP BY members.framework, members.role, members.service, members.basis, months.month, months.month_days
),

-- How many packages are due in a month: those that are due on most of its days.
due AS (
    SELECT found.framework, found.role, found.service, found.basis, found.month, count(*) AS packages
    FROM found
    INNER JOIN core.family_members AS members USING (framework, role, service, basis)
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
