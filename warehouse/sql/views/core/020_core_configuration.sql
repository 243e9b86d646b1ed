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
