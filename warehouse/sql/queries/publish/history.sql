-- Statements that move the public views of the copy to its schema "history", where they are views and answer for any day:
-- what each is made of, then the place left for its table. To be run with that schema in use.
SELECT statement
FROM (
    SELECT 0 AS step, view_oid AS position, sql AS statement
    FROM duckdb_views()
    WHERE database_name = $warehouse AND schema_name = 'main' AND NOT internal AND NOT temporary
    UNION ALL
    SELECT 1, view_oid, format('DROP VIEW publishing.main."{}"', replace(view_name, '"', '""'))
    FROM duckdb_views()
    WHERE database_name = $warehouse AND schema_name = 'main' AND NOT internal AND NOT temporary
)
ORDER BY step, position
