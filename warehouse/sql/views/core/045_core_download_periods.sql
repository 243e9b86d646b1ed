-- Downloads of frameworks: the packages that count for one, added up, and the lower bound without those that install it.

CREATE VIEW core.download_bases AS
SELECT metric, unnest(counted_as) AS basis, generate_subscripts(counted_as, 1) AS preference
FROM core.metrics;
COMMENT ON VIEW core.download_bases IS 'Which metric a basis belongs to, and which is preferred within it (1 first); bases are never added up.';

-- One view for all of it, so that what its parts share is planned and computed once.
CREATE VIEW core.download_periods AS
WITH downloads AS (FROM core.downloads),

packages AS (FROM core.framework_packages),

asked AS (SELECT DISTINCT service, entity AS package FROM core.answers WHERE source = 'pypi_downloads'),

-- From when to when each package had figures, by the day and as windows. Days and windows of a package are told by
-- different services, days by several: where one stands in for another it has those days alone, so all of them are read.
periods AS (
    SELECT DISTINCT package, period_start = period_end AS is_day, period_start, period_end
    FROM downloads
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

-- What comes over two months after anything before begins another stretch.
numbered AS (
    SELECT
        *,
        count(*) FILTER (WHERE period_start > before + INTERVAL 2 MONTH) OVER (
            PARTITION BY package, is_day ORDER BY period_start, period_end ROWS UNBOUNDED PRECEDING
        ) AS stretch
    FROM spaced
),

stretches AS (
    SELECT package, is_day, min(period_start) AS first_day, max(period_end) AS last_day
    FROM numbered
    GROUP BY package, is_day, stretch
),

told AS (
    SELECT package, bool_or(is_day) AS in_days, bool_or(NOT is_day) AS in_windows
    FROM stretches
    GROUP BY package
),

-- The services that tell of a family, beside each of its packages.
families AS (
    SELECT DISTINCT packages.framework, packages.role, downloads.service, downloads.period_start = downloads.period_end AS is_day
    FROM packages
    INNER JOIN downloads USING (package)
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
    INNER JOIN packages USING (framework, role)
    LEFT JOIN told ON packages.package = told.package
    LEFT JOIN asked ON families.service = asked.service AND packages.package = asked.package
),

-- The days on which a figure of a framework from a service needs each of its packages: from the first to the last figure
-- of a stretch. The last is only known to be the last when the rest of the family has gone on for two months without it:
-- until then it is late.
needed AS (
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
    WHERE is_unknown
),

-- What the packages of a family add up to on a day, and how many of them had a figure.
found_days AS (
    SELECT
        packages.framework, packages.role, days.service, days.basis, days.period_start AS day,
        sum(days.downloads) AS downloads, count(*) AS packages, max(packages.since) AS since
    FROM downloads AS days
    INNER JOIN packages USING (package)
    WHERE days.period_start = days.period_end
    GROUP BY packages.framework, packages.role, days.service, days.basis, days.period_start
),

needed_days AS (
    SELECT framework, role, service, list(struct_pack(since := first_day, until := due_until)) AS members
    FROM needed
    GROUP BY framework, role, service
),

-- The months that each window touches.
window_parts AS (
    SELECT
        service,
        package,
        basis,
        downloads / window_days AS daily_mean,
        period_start,
        period_end,
        CAST(
            unnest(range(date_trunc('month', period_start), period_end + INTERVAL 1 DAY, INTERVAL 1 MONTH)) AS DATE
        ) AS month
    FROM downloads
    WHERE period_end > period_start AND window_days > 0
),

-- For each month the window that overlaps most of it, at least half.
package_months AS (
    SELECT
        service,
        package,
        basis,
        month,
        CAST(last_day(month) - month AS INTEGER) + 1 AS month_days,
        daily_mean,
        CAST(least(period_end, last_day(month)) - greatest(period_start, month) AS INTEGER) + 1 AS observed_days
    FROM window_parts
    WHERE observed_days >= 0.5 * month_days
    QUALIFY row_number() OVER (
        PARTITION BY service, package, basis, month ORDER BY observed_days DESC, period_end - period_start, period_end
    ) = 1
),

-- What the packages of a family add up to in a month: the daily mean of the windows.
found_months AS (
    SELECT
        packages.framework, packages.role, months.service, months.basis, months.month, months.month_days,
        sum(months.daily_mean) AS daily_mean, min(months.observed_days) AS observed_days, count(*) AS packages,
        max(packages.since) AS since
    FROM package_months AS months
    INNER JOIN packages USING (package)
    GROUP BY packages.framework, packages.role, months.service, months.basis, months.month, months.month_days
),

-- How many packages are needed in a month: those that are on most of its days.
needed_months AS (
    SELECT found.framework, found.role, found.service, found.basis, found.month, count(*) AS packages
    FROM found_months AS found
    INNER JOIN needed USING (framework, role, service)
    WHERE needed.first_day <= found.month + INTERVAL 15 DAY AND needed.due_until >= found.month + INTERVAL 15 DAY
    GROUP BY found.framework, found.role, found.service, found.basis, found.month
),

-- Days and months alike: a daily mean over so many days. The first day names the period. Half a family is no figure.
whole_families AS (
    SELECT
        found.framework, found.role, found.service, found.basis, found.day, false AS is_month,
        CAST(found.downloads AS DOUBLE) AS daily_mean, 1 AS period_days, 1 AS observed_days, found.since
    FROM found_days AS found
    INNER JOIN needed_days AS needed USING (framework, role, service)
    WHERE found.packages = len(
        list_filter(needed.members, lambda member: found.day BETWEEN member.since AND member.until)
    )
    UNION ALL
    SELECT
        found.framework, found.role, found.service, found.basis, found.month, true, found.daily_mean, found.month_days,
        found.observed_days, found.since
    FROM found_months AS found
    INNER JOIN needed_months AS needed USING (framework, role, service, basis, month)
    WHERE found.packages >= needed.packages
),

-- The downloads of the packages that count for the framework, under the metric that the basis belongs to.
counted AS (
    SELECT whole_families.*, bases.metric, bases.preference
    FROM whole_families
    INNER JOIN core.download_bases AS bases USING (basis)
    WHERE whole_families.role = 'counted'
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
    INNER JOIN whole_families AS requiring
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
WITH lost AS (
    SELECT framework, metric, service, CAST(date_trunc('month', day) AS DATE) AS month, count(*) AS days
    FROM core.lost_days
    GROUP BY ALL
)

SELECT
    periods.framework, periods.metric, periods.day AS month, periods.value, periods.daily_mean,
    periods.observed_days AS seen_days,
    greatest(periods.observed_days - coalesce(lost.days, 0), 0) AS observed_days,
    periods.observed_days >= 0.9 * periods.period_days AS is_seen_whole,
    is_seen_whole AND lost.days IS NULL AS is_whole,
    periods.basis, periods.service, periods.preference
FROM core.download_periods AS periods
LEFT JOIN lost
    ON periods.framework = lost.framework
    AND periods.metric = lost.metric
    AND periods.service = lost.service
    AND periods.day = lost.month
WHERE periods.is_month;
COMMENT ON VIEW core.download_months IS 'Window totals of a framework as months: the daily mean of the window times the days of the month; whole from nine tenths on. seen_days and is_seen_whole count days of losses too, observed_days and is_whole do not.';
