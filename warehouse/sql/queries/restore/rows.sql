-- Statements that bring back every table that the copy holds whole: all of raw, but the secrets, which it never held, and
-- what the new warehouse says of itself.
SELECT format('INSERT INTO raw."{0}" BY NAME FROM copy.raw."{0}"', replace(table_name, '"', '""'))
FROM duckdb_tables()
WHERE database_name = 'copy' AND schema_name = 'raw' AND table_name NOT IN ('secrets', 'migrations', 'view_definitions')
ORDER BY table_name
