-- Statements that leave only the answers of the public views, which frees the memory. Of the others the columns stay: what
-- is made of them can be bound to these.
SELECT format(
    'CREATE OR REPLACE TABLE evaluation."{0}"."{1}" AS FROM evaluation."{0}"."{1}" LIMIT 0',
    replace(schema_name, '"', '""'), replace(table_name, '"', '""')
)
FROM duckdb_tables()
WHERE database_name = 'evaluation' AND schema_name NOT IN ('main', 'carried')
