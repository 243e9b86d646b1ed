CREATE VIEW freshness AS
WITH download_days AS (
    SELECT downloads.source, downloads.package AS entity, max(downloads.period_end) AS last_day
    FROM core.downloads AS downloads
    GROUP BY downloads.source, downloads.package
),

collected AS (
    SELECT source, entity, max(collected_at) AS collected_at
    FROM core.answers
    GROUP BY source, entity
),

tracked_packages AS (SELECT DISTINCT package FROM core.framework_packages),

-- A fallback is told about where it is ahead of the services preferred to it, else it would be stale for ever.
downloads AS (
    SELECT
        download_days.source, download_days.entity, 'pypi_downloads' AS signal, download_days.last_day,
        collected.collected_at,
        CASE download_days.source WHEN 'top_pypi_packages' THEN 40 ELSE 3 END AS fresh_days,
        CASE download_days.source WHEN 'top_pypi_packages' THEN 70 ELSE 7 END AS late_days
    FROM download_days
    INNER JOIN tracked_packages ON download_days.entity = tracked_packages.package
    INNER JOIN core.sources AS sources USING (source)
    LEFT JOIN collected ON download_days.source = collected.source AND download_days.entity = collected.entity
    WHERE NOT EXISTS (
        SELECT 1
        FROM download_days AS better
        INNER JOIN core.sources AS better_sources USING (source)
        WHERE better.entity = download_days.entity
            AND better_sources.preference < sources.preference
            AND better.last_day >= download_days.last_day
    )
),

missing_downloads AS (
    SELECT 'pypi_downloads' AS source, package AS entity, 'pypi_downloads' AS signal, 3 AS fresh_days, 7 AS late_days
    FROM tracked_packages
    WHERE package NOT IN (SELECT entity FROM download_days)
),

searches AS (
    SELECT
        'google_trends' AS source,
        frameworks.search_query AS entity,
        'search_interest' AS signal,
        max(points.week_start) + 6 AS last_day,
        max(points.collected_at) AS collected_at,
        10 AS fresh_days,
        17 AS late_days
    FROM core.frameworks AS frameworks
    LEFT JOIN core.search_points AS points ON frameworks.search_query = points.term
    GROUP BY frameworks.search_query
),

releases AS (
    SELECT
        'pypi_index' AS source,
        packages.package AS entity,
        'releases' AS signal,
        CAST(max(collected.collected_at) AS DATE) AS last_day,
        max(collected.collected_at) AS collected_at,
        3 AS fresh_days,
        7 AS late_days
    FROM (SELECT DISTINCT package FROM core.framework_packages WHERE role = 'counted') AS packages
    LEFT JOIN collected ON collected.source = 'pypi_index' AND packages.package = collected.entity
    GROUP BY packages.package
),

histories AS (
    SELECT
        'git' AS source,
        frameworks.repository AS entity,
        'commits' AS signal,
        max(coverage.last_day) AS last_day,
        max(collected.collected_at) AS collected_at,
        3 AS fresh_days,
        7 AS late_days
    FROM core.frameworks AS frameworks
    LEFT JOIN core.git_coverage AS coverage USING (framework)
    LEFT JOIN collected ON collected.source = 'git' AND frameworks.repository = collected.entity
    GROUP BY frameworks.repository
),

star_days AS (SELECT framework, max(day) AS last_day FROM core.star_days GROUP BY framework),

total_days AS (SELECT framework, max(day) AS last_day FROM core.repository_totals GROUP BY framework),

-- Stars a day and totals come from two requests; the older one decides.
repositories AS (
    SELECT
        'github' AS source,
        frameworks.repository AS entity,
        'stars' AS signal,
        least(max(star_days.last_day), max(total_days.last_day)) AS last_day,
        max(collected.collected_at) AS collected_at,
        3 AS fresh_days,
        7 AS late_days
    FROM core.frameworks AS frameworks
    LEFT JOIN star_days USING (framework)
    LEFT JOIN total_days USING (framework)
    LEFT JOIN collected ON collected.source = 'github' AND frameworks.repository = collected.entity
    GROUP BY frameworks.repository
),

everything AS (
    FROM downloads
    UNION ALL BY NAME
    FROM missing_downloads
    UNION ALL BY NAME
    FROM searches
    UNION ALL BY NAME
    FROM releases
    UNION ALL BY NAME
    FROM histories
    UNION ALL BY NAME
    FROM repositories
)

SELECT
    everything.source,
    everything.entity,
    everything.last_day,
    everything.collected_at,
    CAST(clock.as_of - everything.last_day AS INTEGER) AS age_days,
    CASE
        WHEN everything.last_day IS NULL THEN 'never'
        WHEN age_days <= everything.fresh_days THEN 'fresh'
        WHEN age_days <= everything.late_days THEN 'late'
        ELSE 'stale'
    END AS status,
    everything.signal
FROM everything
CROSS JOIN core.clock AS clock;

COMMENT ON VIEW freshness IS 'How old the figures are on the day of as_of. Grain: source, entity. Everything that config.toml names has a row, also without any figure.';
COMMENT ON COLUMN freshness.source IS 'Service that answered last; pypi_downloads where none of its services ever did.';
COMMENT ON COLUMN freshness.entity IS 'Package, repository or search term.';
COMMENT ON COLUMN freshness.last_day IS 'Last UTC day with a figure; for commits the last day that was over when the history was read, for releases the day of the last answer.';
COMMENT ON COLUMN freshness.collected_at IS 'Time of the last answer, UTC.';
COMMENT ON COLUMN freshness.age_days IS 'Days from last_day to as_of.';
COMMENT ON COLUMN freshness.status IS 'fresh, late or stale: up to 3 or 7 days for daily figures, 10 or 17 for search interest, 40 or 70 for totals over windows; never: no figure yet.';
COMMENT ON COLUMN freshness.signal IS 'What the figures are for: search_interest, pypi_downloads, releases, commits, stars.';
