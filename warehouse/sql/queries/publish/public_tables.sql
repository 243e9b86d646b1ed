-- Statements that write the answers of the public views into the copy, sorted, under their names and with their comments.
SELECT statement
FROM (
    SELECT
        0 AS step,
        view_name AS name,
        format(
            'CREATE OR REPLACE TABLE publishing.main."{0}" AS FROM evaluation.main."{0}" ORDER BY ALL',
            replace(view_name, '"', '""')
        ) AS statement
    FROM duckdb_views()
    WHERE database_name = $warehouse AND schema_name = 'main' AND NOT internal AND NOT temporary
    UNION ALL
    SELECT
        1,
        view_name,
        format(
            'COMMENT ON TABLE publishing.main."{}" IS ''{}''',
            replace(view_name, '"', '""'), replace(comment, '''', '''''')
        )
    FROM duckdb_views()
    WHERE database_name = $warehouse AND schema_name = 'main' AND NOT internal AND NOT temporary AND comment IS NOT NULL
    UNION ALL
    SELECT
        2,
        columns.table_name,
        format(
            'COMMENT ON COLUMN publishing.main."{}"."{}" IS ''{}''', replace(columns.table_name, '"', '""'),
            replace(columns.column_name, '"', '""'), replace(columns.comment, '''', '''''')
        )
    FROM duckdb_columns() AS columns
    INNER JOIN duckdb_views() AS views
        ON columns.database_name = views.database_name
        AND columns.schema_name = views.schema_name
        AND columns.table_name = views.view_name
    WHERE columns.database_name = $warehouse AND columns.schema_name = 'main' AND NOT columns.internal
        AND columns.comment IS NOT NULL
)
ORDER BY step, name
