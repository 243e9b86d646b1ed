-- Every column of what others claim, in the order of config.toml.
SELECT * FROM claims ORDER BY position, reading
