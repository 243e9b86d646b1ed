-- Queries that name a table whose copy has another number of rows: then something was taken away, and adding is not enough.
SELECT format(
    'SELECT ''{1}'' WHERE (SELECT count(*) FROM "{0}".raw."{1}") <> (SELECT count(*) FROM publishing.raw."{1}")',
    replace(database_name, '"', '""'), table_name
)
FROM duckdb_tables()
WHERE database_name = $warehouse AND schema_name = 'raw' AND table_name <> 'secrets'
ORDER BY table_name
