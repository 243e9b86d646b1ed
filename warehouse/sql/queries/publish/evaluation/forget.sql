-- Statements that leave only the answers of the public views, which frees the memory.
SELECT format('DROP TABLE evaluation."{}"."{}"', replace(schema_name, '"', '""'), replace(table_name, '"', '""'))
FROM duckdb_tables()
WHERE database_name = 'evaluation' AND schema_name NOT IN ('main', 'carried')
