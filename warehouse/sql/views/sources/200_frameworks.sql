CREATE VIEW frameworks AS
SELECT
    frameworks.framework,
    frameworks.label,
    frameworks.position,
    coalesce(list(packages.package ORDER BY packages.package) FILTER (WHERE packages.role = 'counted'), []) AS packages,
    max(packages.reason) FILTER (WHERE packages.role = 'counted' AND packages.reason <> '') AS packages_reason,
    coalesce(list(packages.package ORDER BY packages.package) FILTER (WHERE packages.role = 'requires'), []) AS required_by,
    max(packages.since) FILTER (WHERE packages.role = 'requires') AS required_by_since,
    frameworks.repository,
    frameworks.search_query,
    frameworks.search_match,
    coalesce(undated.commits, 0) AS undated_commits
FROM core.frameworks AS frameworks
LEFT JOIN core.framework_packages AS packages USING (framework)
LEFT JOIN core.undated_commits AS undated USING (framework)
GROUP BY ALL;

COMMENT ON VIEW frameworks IS 'What is tracked, from config.toml. Grain: framework.';
COMMENT ON COLUMN frameworks.framework IS 'Key in config.toml and in all other views.';
COMMENT ON COLUMN frameworks.label IS 'How it is written.';
COMMENT ON COLUMN frameworks.position IS 'Order in config.toml, from 0.';
COMMENT ON COLUMN frameworks.packages IS 'Packages whose downloads are added up.';
COMMENT ON COLUMN frameworks.packages_reason IS 'Why these.';
COMMENT ON COLUMN frameworks.required_by IS 'Packages that install it as a dependency.';
COMMENT ON COLUMN frameworks.required_by_since IS 'Since when; NULL: since the beginning.';
COMMENT ON COLUMN frameworks.repository IS 'owner/name on GitHub.';
COMMENT ON COLUMN frameworks.search_query IS 'Topic or term that Google is asked about.';
COMMENT ON COLUMN frameworks.search_match IS 'topic or term.';
COMMENT ON COLUMN frameworks.undated_commits IS 'Commits with a time that cannot be: unreadable, before 1971, or over a day later than when it was read. They count in no figure, and no history begins with them.';
