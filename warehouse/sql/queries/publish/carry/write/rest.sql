-- Statements that take away and add those rows of the other public tables of the copy that differ. Their comments stay.
SELECT format(
    'DELETE FROM publishing.main."{0}" AS kept WHERE hash(kept) NOT IN (SELECT hash(told) FROM evaluation.main."{0}" AS told); '
    || 'INSERT INTO publishing.main."{0}" FROM evaluation.main."{0}" AS told '
    || 'WHERE hash(told) NOT IN (SELECT hash(kept) FROM publishing.main."{0}" AS kept) ORDER BY ALL',
    replace(view_name, '"', '""')
)
FROM duckdb_views()
WHERE database_name = $warehouse AND schema_name = 'main' AND NOT internal AND NOT temporary
    AND view_name NOT IN (FROM (SELECT unnest($completed)))
ORDER BY view_name
