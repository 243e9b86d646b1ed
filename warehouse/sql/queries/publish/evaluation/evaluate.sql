-- Statements that make the copy of the views in catalog "evaluation" into tables. Its empty tables become views of those
-- of the warehouse; then each view is answered and replaced by its answer, so that the next one finds a table. Each statement
-- with the name of its view, NULL for tables.
SELECT name, statement
FROM (
    SELECT
        0 AS position,
        format(
            'DROP TABLE evaluation."{1}"."{2}"; CREATE VIEW evaluation."{1}"."{2}" AS FROM "{0}"."{1}"."{2}"',
            replace(database_name, '"', '""'), replace(schema_name, '"', '""'), replace(table_name, '"', '""')
        ) AS statement,
        CAST(NULL AS VARCHAR) AS name
    FROM duckdb_tables()
    WHERE database_name = $warehouse AND NOT internal AND NOT temporary
    UNION ALL
    SELECT
        view_oid,
        format(
            'CREATE TABLE evaluation."{0}".being_evaluated AS FROM evaluation."{0}"."{1}"; '
            || 'DROP VIEW evaluation."{0}"."{1}"; ALTER TABLE evaluation."{0}".being_evaluated RENAME TO "{1}"',
            replace(schema_name, '"', '""'), replace(view_name, '"', '""')
        ),
        schema_name || '.' || view_name
    FROM duckdb_views()
    WHERE database_name = $warehouse AND NOT internal AND NOT temporary
)
ORDER BY position
