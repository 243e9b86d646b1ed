-- Whether this warehouse keeps quality checks.
SELECT 1 FROM duckdb_views() WHERE database_name = current_database() AND schema_name = 'main' AND view_name = 'quality_checks'
