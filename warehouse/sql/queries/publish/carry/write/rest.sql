-- Statements that write the other public tables of the copy anew. Their comments stay.
SELECT format(
    'DELETE FROM publishing.main."{0}"; INSERT INTO publishing.main."{0}" FROM evaluation.main."{0}" ORDER BY ALL',
    replace(view_name, '"', '""')
)
FROM duckdb_views()
WHERE database_name = $warehouse AND schema_name = 'main' AND NOT internal AND NOT temporary
    AND view_name NOT IN (FROM (SELECT unnest($completed)))
ORDER BY view_name
