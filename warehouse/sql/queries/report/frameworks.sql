-- What is tracked, in the order of config.toml.
SELECT framework, label, search_query FROM frameworks ORDER BY position, framework
