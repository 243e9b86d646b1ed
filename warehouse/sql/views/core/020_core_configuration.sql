-- What config.toml tracks, and what is known about the sources themselves.

CREATE VIEW core.frameworks AS
WITH told AS (
    SELECT
        parts.content_id, parts.recency, entries.framework, entries.label, entries.position, entries.repository,
        entries.search_query, entries.search_match
    FROM raw.frameworks AS entries
    INNER JOIN core.current_parts AS parts ON entries.content_id = parts.part_id
    WHERE parts.row_type = 'frameworks'
    GROUP BY ALL
    HAVING NOT arg_max(entries.is_gone, parts.step)
)

SELECT framework, label, position, repository, search_query, search_match
FROM told
QUALIFY row_number() OVER (PARTITION BY framework ORDER BY recency DESC, repository, search_query) = 1;
COMMENT ON VIEW core.frameworks IS 'The frameworks of the last configuration that was loaded.';

CREATE VIEW core.framework_packages AS
WITH told AS (
    SELECT
        parts.content_id, parts.recency, entries.framework, entries.package, entries.role, entries.since, entries.reason
    FROM raw.framework_packages AS entries
    INNER JOIN core.current_parts AS parts ON entries.content_id = parts.part_id
    WHERE parts.row_type = 'framework_packages'
    GROUP BY ALL
    HAVING NOT arg_max(entries.is_gone, parts.step)
)

SELECT framework, regexp_replace(lower(package), '[-_.]+', '-', 'g') AS package, role, since, reason
FROM told
QUALIFY row_number() OVER (PARTITION BY framework, told.package, role ORDER BY recency DESC, since, reason) = 1;
COMMENT ON VIEW core.framework_packages IS 'Packages of the last configuration, names as the package index normalises them.';
