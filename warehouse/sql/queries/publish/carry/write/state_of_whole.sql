-- Statements that write what the next night compares with into a copy that is written whole.
SELECT statement
FROM (
    SELECT 0 AS step, 'CREATE SCHEMA publishing.carried' AS statement
    UNION ALL
    SELECT
        1,
        format('CREATE TABLE publishing.carried."{0}" AS FROM evaluation.carried."{0}" ORDER BY ALL', table_name)
    FROM duckdb_tables()
    WHERE database_name = 'evaluation' AND schema_name = 'carried' AND table_name <> 'touched'
)
ORDER BY step
