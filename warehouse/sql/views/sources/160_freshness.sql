CREATE VIEW freshness AS
WITH collected AS (
    SELECT service, entity, max(collected_at) AS collected_at
    FROM core.answers
    GROUP BY service, entity
),

-- Downloads: the last day of each package from each service, on the basis that lags behind. Lists of totals have changed
-- their basis, so there the newest counts.
download_days AS (
    SELECT
        ends.service, services.preference, ends.entity,
        coalesce(min(ends.last_day) FILTER (WHERE ends.is_day), max(ends.last_day)) AS last_day
    FROM (
        SELECT
            service, package AS entity, basis, period_start = period_end AS is_day, max(period_end) AS last_day
        FROM core.downloads
        GROUP BY service, entity, basis, is_day
    ) AS ends
    INNER JOIN core.services AS services USING (service)
    GROUP BY ends.service, services.preference, ends.entity
),

tracked_packages AS (SELECT DISTINCT package AS entity FROM core.framework_packages),

-- A fallback is told about where it is ahead of the services preferred to it, else it would be stale for ever. A package
-- that no service knows is due from the preferred one.
downloads AS (
    SELECT coalesce(found.service, 'clickpy') AS service, tracked.entity, 'pypi_downloads' AS signal, found.last_day
    FROM tracked_packages AS tracked
    LEFT JOIN download_days AS found USING (entity)
    ANTI JOIN download_days AS better
        ON found.entity = better.entity
            AND found.preference > better.preference
            AND found.last_day <= better.last_day
),

searches AS (
    SELECT
        'google_trends' AS service,
        frameworks.search_query AS entity,
        'search_interest' AS signal,
        max(points.week_start) + 6 AS last_day,
        max(points.collected_at) AS collected_at
    FROM core.frameworks AS frameworks
    LEFT JOIN core.search_points AS points ON frameworks.search_query = points.term
    GROUP BY frameworks.search_query
),

-- A list of releases is a whole: as fresh as the answer.
releases AS (
    SELECT
        'pypi_index' AS service, packages.package AS entity, 'releases' AS signal,
        CAST(max(collected.collected_at) AS DATE) AS last_day
    FROM core.framework_packages AS packages
    LEFT JOIN collected ON collected.service = 'pypi_index' AND packages.package = collected.entity
    WHERE packages.role = 'counted'
    GROUP BY packages.package
),

histories AS (
    SELECT 'git' AS service, frameworks.repository AS entity, 'commits' AS signal, max(coverage.last_day) AS last_day
    FROM core.frameworks AS frameworks
    LEFT JOIN core.git_coverage AS coverage USING (repository)
    GROUP BY frameworks.repository
),

star_days AS (SELECT framework, max(day) AS last_day FROM core.star_days GROUP BY framework),

total_days AS (SELECT framework, max(day) AS last_day FROM core.repository_totals GROUP BY framework),

-- Stars a day and totals come from two requests: the older one decides, and a request that never brought anything is
-- never, whatever the other one brought. (least() would pass over the NULL.)
repositories AS (
    SELECT
        'github' AS service, frameworks.repository AS entity, 'stars' AS signal,
        CASE WHEN count(star_days.last_day) > 0 AND count(total_days.last_day) > 0
            THEN least(max(star_days.last_day), max(total_days.last_day))
        END AS last_day
    FROM core.frameworks AS frameworks
    LEFT JOIN star_days USING (framework)
    LEFT JOIN total_days USING (framework)
    GROUP BY frameworks.repository
),

everything AS (
    FROM searches
    UNION ALL BY NAME
    SELECT due.*, collected.collected_at
    FROM (
        FROM downloads
        UNION ALL BY NAME
        FROM releases
        UNION ALL BY NAME
        FROM histories
        UNION ALL BY NAME
        FROM repositories
    ) AS due
    LEFT JOIN collected ON due.service = collected.service AND due.entity = collected.entity
)

SELECT
    services.source,
    everything.entity,
    everything.last_day,
    everything.collected_at,
    CAST(clock.as_of - everything.last_day AS INTEGER) AS age_days,
    CASE
        WHEN everything.last_day IS NULL THEN 'never'
        WHEN age_days <= services.fresh_days THEN 'fresh'
        WHEN age_days <= services.late_days THEN 'late'
        ELSE 'stale'
    END AS status,
    everything.signal,
    everything.service
FROM everything
INNER JOIN core.services AS services USING (service)
CROSS JOIN core.clock AS clock;

COMMENT ON VIEW freshness IS 'How old the figures are on the day of as_of. Grain: service, entity. Everything that config.toml names has a row, also without any figure.';
COMMENT ON COLUMN freshness.source IS 'Source in config.toml; joins collection_runs and the figures.';
COMMENT ON COLUMN freshness.entity IS 'Package, repository or search term.';
COMMENT ON COLUMN freshness.last_day IS 'Last UTC day with a figure; for commits the last day that was over when the history was read, for releases the day of the last answer.';
COMMENT ON COLUMN freshness.collected_at IS 'Time of the last answer, UTC.';
COMMENT ON COLUMN freshness.age_days IS 'Days from last_day to as_of.';
COMMENT ON COLUMN freshness.status IS 'fresh, late or stale: up to 3 or 7 days for daily figures, 10 or 17 for search interest, 40 or 70 for totals over windows; never: no figure yet.';
COMMENT ON COLUMN freshness.signal IS 'What the figures are for: search_interest, pypi_downloads, releases, commits, stars.';
COMMENT ON COLUMN freshness.service IS 'Service that answered last; the preferred one of the source where none ever did.';
