-- Statements that write every public view of the open copy as files into $folder, one for each of the forms that are
-- asked for. Texts of days are YYYY-MM-DD; a list or a table inside a field is written as JSON.
SELECT
    table_name || '.' || form.name AS file_name,
    format(
        'COPY (FROM "{}") TO ''{}'' ({})',
        replace(table_name, '"', '""'), replace($folder || '/' || table_name || '.' || form.name, '''', ''''''), form.options
    ) AS statement
FROM duckdb_tables()
CROSS JOIN (VALUES
    ('csv', 'FORMAT csv, HEADER'),
    ('json', 'FORMAT json, ARRAY true'),
    ('parquet', 'FORMAT parquet, COMPRESSION zstd')
) AS form (name, options)
WHERE database_name = current_database() AND schema_name = 'main' AND NOT internal AND list_contains($forms, form.name)
ORDER BY table_name, form.name
