-- Statements that move the public views of the copy to its schema "history", where they are views and answer for any day.
-- To be run with that schema in use. DuckDB binds a view when it is made, and with it every view below it. That takes longer
-- than all the rest of the copy, so empty tables stand in for the views below meanwhile.
WITH views AS (
    SELECT
        schema_name = 'main' AS is_public,
        view_oid AS position,
        replace(schema_name, '"', '""') AS schema,
        replace(view_name, '"', '""') AS name,
        sql
    FROM duckdb_views()
    WHERE database_name = $warehouse AND NOT internal AND NOT temporary
)
SELECT statement
FROM (
    SELECT
        0 AS step,
        position,
        format(
            'ALTER VIEW publishing."{0}"."{1}" RENAME TO "{1} aside"; '
            || 'CREATE TABLE publishing."{0}"."{1}" AS FROM evaluation."{0}"."{1}" LIMIT 0',
            schema, name
        ) AS statement
    FROM views
    WHERE NOT is_public
    UNION ALL
    SELECT 1, position, sql
    FROM views
    WHERE is_public
    UNION ALL
    SELECT
        2,
        position,
        format(
            'DROP TABLE publishing."{0}"."{1}"; ALTER VIEW publishing."{0}"."{1} aside" RENAME TO "{1}"', schema, name
        )
    FROM views
    WHERE NOT is_public
    UNION ALL  -- the place left for its table
    SELECT 3, position, format('DROP VIEW publishing.main."{}"', name)
    FROM views
    WHERE is_public
)
ORDER BY step, position
