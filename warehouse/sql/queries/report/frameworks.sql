-- What is tracked, in the order of config.toml.
SELECT framework, label, search_query, position, repository, packages, required_by
FROM frameworks
ORDER BY position, framework
