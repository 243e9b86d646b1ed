-- What is tracked, in the order of config.toml.
SELECT framework, label FROM frameworks ORDER BY position, framework
