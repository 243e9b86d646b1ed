-- What config.toml tracks, and what is known about the sources themselves.

CREATE VIEW core.frameworks AS
SELECT entries.framework, entries.label, entries.position, entries.repository, entries.search_query, entries.search_match
FROM raw.frameworks AS entries
INNER JOIN core.current_answers AS answers USING (content_id)
WHERE answers.row_type = 'frameworks'
QUALIFY row_number() OVER (PARTITION BY framework ORDER BY answers.recency DESC, entries.repository, entries.search_query) = 1;
COMMENT ON VIEW core.frameworks IS 'The frameworks of the last configuration that was loaded.';

CREATE VIEW core.framework_packages AS
SELECT
    entries.framework,
    regexp_replace(lower(entries.package), '[-_.]+', '-', 'g') AS package,
    entries.role,
    entries.since,
    entries.reason
FROM raw.framework_packages AS entries
INNER JOIN core.current_answers AS answers USING (content_id)
WHERE answers.row_type = 'framework_packages'
QUALIFY row_number() OVER (PARTITION BY framework, package, role ORDER BY answers.recency DESC, entries.since, entries.reason) = 1;
COMMENT ON VIEW core.framework_packages IS 'Packages of the last configuration, names as the package index normalises them.';

CREATE VIEW core.sources AS
SELECT source, family, preference
FROM (
    VALUES
    ('google_trends', 'google_trends', 1),
    ('clickpy', 'pypi', 1),
    ('pypistats', 'pypi', 2),
    ('top_pypi_packages', 'pypi', 3),
    ('pypi_index', 'pypi_index', 1),
    ('git', 'git', 1),
    ('github', 'github', 1)
) AS known (source, family, preference);
COMMENT ON VIEW core.sources IS 'Services that answer, the family a break may name, and which is preferred within it (1 first).';

CREATE VIEW core.metrics AS
SELECT metric, base_metric, aggregate
FROM (
    VALUES
    ('search_interest', 'search_interest', 'mean'),
    ('pypi_downloads', 'pypi_downloads', 'sum'),
    ('pypi_downloads_without_mirrors', 'pypi_downloads', 'sum'),
    ('pypi_downloads_lower_bound', 'pypi_downloads', 'sum'),
    ('commits', 'commits', 'sum'),
    ('masked_or_bot_commits', 'commits', 'sum'),
    ('active_contributors', 'active_contributors', 'distinct'),
    ('active_contributors_without_bots', 'active_contributors', 'distinct'),
    ('new_contributors', 'active_contributors', 'sum'),
    ('returning_contributors', 'active_contributors', 'distinct'),
    ('contributor_absence_factor', 'active_contributors', 'distinct'),
    ('stars', 'stars', 'sum'),
    ('stars_total', 'stars_total', 'last'),
    ('forks', 'forks', 'last')
) AS known (metric, base_metric, aggregate);
COMMENT ON VIEW core.metrics IS 'How the days of a metric make a month, and the metric whose breaks it shares.';

CREATE VIEW core.breaks AS
WITH told AS (
    SELECT DISTINCT
        breaks.break_source, breaks.metric, breaks.effective_on, breaks.kind, breaks.what_changed, breaks.evidence,
        breaks.entity, breaks.ends_on
    FROM raw.breaks AS breaks
    INNER JOIN core.current_answers AS answers USING (content_id)
    WHERE answers.row_type = 'breaks'
)

FROM told
UNION ALL BY NAME
SELECT
    'pypi' AS break_source,
    'pypi_downloads' AS metric,
    packages.since AS effective_on,
    'dependency' AS kind,
    string_agg(packages.package, ' and ' ORDER BY packages.package) || ' began to install ' || packages.framework
        || ' as a dependency' AS what_changed,
    'config.toml: required_by and required_by_since of ' || packages.framework AS evidence,
    packages.framework AS entity,
    CAST(NULL AS DATE) AS ends_on
FROM core.framework_packages AS packages
WHERE packages.role = 'requires'
    AND packages.since IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 FROM told
        WHERE told.entity = packages.framework AND told.effective_on = packages.since AND told.kind = 'dependency'
    )
GROUP BY packages.framework, packages.since;
COMMENT ON VIEW core.breaks IS 'Days from which a source counts differently: those that ship, those of config.toml, and the dependencies that config.toml names.';

CREATE VIEW core.series_breaks AS
SELECT DISTINCT
    frameworks.framework, metrics.metric, sources.source, breaks.effective_on, breaks.ends_on, breaks.what_changed,
    breaks.kind = 'suspected' AS is_suspected
FROM core.breaks AS breaks
INNER JOIN core.sources AS sources
    ON breaks.break_source IN ('*', sources.source, sources.family)
INNER JOIN core.metrics AS metrics
    ON breaks.metric IN ('*', metrics.metric, metrics.base_metric)
INNER JOIN core.frameworks AS frameworks
    ON breaks.entity IN ('*', frameworks.framework, frameworks.repository)
    OR EXISTS (
        SELECT 1 FROM core.framework_packages AS packages
        WHERE packages.framework = frameworks.framework
            AND packages.role = 'counted'
            AND packages.package = breaks.entity
    );
COMMENT ON VIEW core.series_breaks IS 'Which breaks touch which series.';
