-- Statements that add to the copy of the last night what is new. Rows hang on the content of an answer and are never
-- changed, so those of new contents are added; answers and bodies likewise, by their ids. Of all other
-- tables those rows are taken away and added that differ. Answers come last, because they tell which contents are new.
WITH tables AS (
    SELECT
        tables.table_name AS name,
        replace($warehouse, '"', '""') AS warehouse,
        CASE
            WHEN tables.table_name = 'answers' THEN 'answer_id'
            WHEN tables.table_name = 'bodies' THEN 'body_id'
            WHEN bool_or(columns.column_name = 'content_id') THEN 'content_id'
        END AS id
    FROM duckdb_tables() AS tables
    INNER JOIN duckdb_columns() AS columns USING (database_name, schema_name, table_name)
    WHERE tables.database_name = $warehouse AND tables.schema_name = 'raw' AND tables.table_name <> 'secrets'
    GROUP BY tables.table_name
)

SELECT CASE
    WHEN id IS NULL
        THEN format(
            'DELETE FROM publishing.raw."{1}" AS kept WHERE hash(kept) NOT IN (SELECT hash(told) FROM "{0}".raw."{1}" AS told); '
            || 'INSERT INTO publishing.raw."{1}" FROM "{0}".raw."{1}" AS told '
            || 'WHERE hash(told) NOT IN (SELECT hash(kept) FROM publishing.raw."{1}" AS kept)',
            warehouse, name
        )
    ELSE format(
        'INSERT INTO publishing.raw."{1}" FROM "{0}".raw."{1}" WHERE {2} IN ('
        || 'SELECT {2} FROM "{0}".raw.answers EXCEPT SELECT {2} FROM publishing.raw.answers)',
        warehouse, name, id
    )
END
FROM tables
ORDER BY name = 'answers', name
