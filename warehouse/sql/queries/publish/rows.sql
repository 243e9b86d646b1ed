-- Statements that fill the tables of the copy, all but that of the secrets.
SELECT format(
    'INSERT INTO publishing."{1}"."{2}" FROM "{0}"."{1}"."{2}"',
    replace(database_name, '"', '""'), replace(schema_name, '"', '""'), replace(table_name, '"', '""')
)
FROM duckdb_tables()
WHERE database_name = $warehouse AND NOT internal AND NOT temporary
    AND NOT (schema_name = 'raw' AND table_name = 'secrets')
ORDER BY schema_name, table_name
