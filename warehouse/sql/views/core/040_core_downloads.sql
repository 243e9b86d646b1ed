-- Downloads from the package index: days where a service gives days, else totals over windows spread over months.

CREATE VIEW core.downloads AS
SELECT
    answers.source, downloads.package, downloads.basis, downloads.period_start, downloads.period_end,
    downloads.window_days, downloads.downloads
FROM raw.pypi_downloads AS downloads
INNER JOIN core.current_answers AS answers USING (content_id)
WHERE answers.row_type = 'pypi_downloads'
    AND downloads.period_end < CAST(answers.collected_at AS DATE)
QUALIFY row_number() OVER (
    PARTITION BY answers.source, downloads.package, downloads.basis, downloads.period_start, downloads.period_end
    ORDER BY answers.recency DESC, downloads.downloads DESC, downloads.window_days
) = 1;
COMMENT ON VIEW core.downloads IS 'The latest figure of each source, package, basis and period that was over when it was collected.';

CREATE VIEW core.download_bases AS
SELECT metric, basis, preference
FROM (
    VALUES
    ('pypi_downloads', 'all', 1),
    ('pypi_downloads', 'pip', 2),
    ('pypi_downloads_without_mirrors', 'without_mirrors', 1)
) AS known (metric, basis, preference);
COMMENT ON VIEW core.download_bases IS 'Which metric a basis belongs to; bases are never added up.';

-- A day of a framework needs every package that the service had by then: half a family is no figure.
CREATE VIEW core.framework_downloads AS
WITH days AS MATERIALIZED (
    SELECT source, package, basis, period_start AS day, downloads
    FROM core.downloads
    WHERE period_start = period_end
),

first_days AS (
    SELECT source, package, basis, min(day) AS first_day
    FROM days
    GROUP BY source, package, basis
),

due AS (
    SELECT
        packages.framework, packages.role, first_days.source, first_days.package, first_days.basis,
        first_days.first_day, packages.since
    FROM core.framework_packages AS packages
    INNER JOIN first_days USING (package)
),

family_days AS (
    SELECT
        due.framework,
        due.role,
        days.source,
        days.basis,
        days.day,
        sum(days.downloads) AS downloads,
        count(*) AS packages,
        max(due.since) AS since
    FROM days
    INNER JOIN due
        ON days.source = due.source AND days.package = due.package AND days.basis = due.basis
    GROUP BY due.framework, due.role, days.source, days.basis, days.day
),

complete_days AS (
    SELECT family_days.*
    FROM family_days
    INNER JOIN (
        SELECT framework, role, source, basis, list(first_day) AS first_days
        FROM due
        GROUP BY framework, role, source, basis
    ) AS families USING (framework, role, source, basis)
    WHERE family_days.packages = len(list_filter(families.first_days, lambda first_day: first_day <= family_days.day))
)

SELECT
    own.framework,
    bases.metric,
    own.day,
    CAST(own.downloads AS DOUBLE) AS value,
    own.basis,
    own.source,
    sources.preference * 10 + bases.preference AS preference
FROM complete_days AS own
INNER JOIN core.download_bases AS bases USING (basis)
INNER JOIN core.sources AS sources USING (source)
WHERE own.role = 'counted'
UNION ALL
SELECT
    own.framework,
    'pypi_downloads_lower_bound' AS metric,
    own.day,
    CAST(greatest(own.downloads - requiring.downloads, 0) AS DOUBLE) AS value,
    own.basis || ', less the packages that install it' AS basis,
    own.source,
    sources.preference * 10 + bases.preference AS preference
FROM complete_days AS own
INNER JOIN complete_days AS requiring
    ON own.framework = requiring.framework
    AND own.source = requiring.source
    AND own.basis = requiring.basis
    AND own.day = requiring.day
    AND own.day >= requiring.since
INNER JOIN core.download_bases AS bases
    ON own.basis = bases.basis AND bases.metric = 'pypi_downloads'
INNER JOIN core.sources AS sources ON own.source = sources.source
WHERE own.role = 'counted' AND requiring.role = 'requires';
COMMENT ON VIEW core.framework_downloads IS 'Downloads a day of a framework, for each source and basis.';

CREATE VIEW core.package_months AS
WITH parts AS (
    SELECT
        source,
        package,
        basis,
        downloads / window_days AS daily_mean,
        period_start,
        period_end,
        CAST(
            unnest(range(date_trunc('month', period_start), period_end + INTERVAL 1 DAY, INTERVAL 1 MONTH)) AS DATE
        ) AS month
    FROM core.downloads
    WHERE period_end > period_start AND window_days > 0
)

SELECT
    parts.source,
    parts.package,
    parts.basis,
    parts.month,
    months.month_days,
    parts.daily_mean,
    CAST(least(parts.period_end, months.month_end) - greatest(parts.period_start, parts.month) AS INTEGER) + 1 AS observed_days
FROM parts
INNER JOIN core.months AS months USING (month)
WHERE observed_days >= 0.5 * months.month_days
QUALIFY row_number() OVER (
    PARTITION BY parts.source, parts.package, parts.basis, parts.month
    ORDER BY observed_days DESC, parts.period_end - parts.period_start, parts.period_end
) = 1;
COMMENT ON VIEW core.package_months IS 'For each month the window total that overlaps most of it, at least half.';

CREATE VIEW core.framework_months AS
WITH families AS MATERIALIZED (
    SELECT
        packages.framework,
        packages.role,
        months.source,
        months.basis,
        months.month,
        months.month_days,
        sum(months.daily_mean) AS daily_mean,
        min(months.observed_days) AS observed_days,
        max(packages.since) AS since
    FROM core.package_months AS months
    INNER JOIN core.framework_packages AS packages USING (package)
    GROUP BY packages.framework, packages.role, months.source, months.basis, months.month, months.month_days
)

SELECT
    own.framework,
    bases.metric,
    own.month,
    own.daily_mean * own.month_days AS value,
    own.daily_mean,
    own.observed_days,
    own.observed_days >= 0.9 * own.month_days AS is_whole,
    own.basis,
    own.source,
    sources.preference * 10 + bases.preference AS preference
FROM families AS own
INNER JOIN core.download_bases AS bases USING (basis)
INNER JOIN core.sources AS sources USING (source)
WHERE own.role = 'counted'
UNION ALL
SELECT
    own.framework,
    'pypi_downloads_lower_bound' AS metric,
    own.month,
    greatest(own.daily_mean - requiring.daily_mean, 0) * own.month_days AS value,
    greatest(own.daily_mean - requiring.daily_mean, 0) AS daily_mean,
    least(own.observed_days, requiring.observed_days) AS observed_days,
    least(own.observed_days, requiring.observed_days) >= 0.9 * own.month_days AS is_whole,
    own.basis || ', less the packages that install it' AS basis,
    own.source,
    sources.preference * 10 + bases.preference AS preference
FROM families AS own
INNER JOIN families AS requiring
    ON own.framework = requiring.framework
    AND own.source = requiring.source
    AND own.basis = requiring.basis
    AND own.month = requiring.month
    AND own.month >= requiring.since
INNER JOIN core.download_bases AS bases
    ON own.basis = bases.basis AND bases.metric = 'pypi_downloads'
INNER JOIN core.sources AS sources ON own.source = sources.source
WHERE own.role = 'counted' AND requiring.role = 'requires';
COMMENT ON VIEW core.framework_months IS 'Window totals of a framework as months: the daily mean of the window times the days of the month; whole from nine tenths on.';
