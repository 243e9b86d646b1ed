-- The views of catalog "evaluation", by schema and name, and what each is made of.
SELECT schema_name || '.' || view_name AS name, sql
FROM duckdb_views()
WHERE database_name = 'evaluation' AND NOT internal
