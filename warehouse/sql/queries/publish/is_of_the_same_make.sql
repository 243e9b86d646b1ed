-- Whether the copy of the last night has the migrations and the definitions of the warehouse and was made by this program,
-- so that only rows are new. $warehouse is the catalog of the warehouse; the query writes the one that compares.
SELECT format(
    'SELECT (SELECT list((number, name) ORDER BY number) FROM "{0}".raw.migrations)'
    || ' = (SELECT list((number, name) ORDER BY number) FROM publishing.raw.migrations)'
    || ' AND (SELECT list(definitions_version) FROM "{0}".raw.view_definitions)'
    || ' = (SELECT list(definitions_version) FROM publishing.raw.view_definitions)'
    || ' AND (SELECT list(made_by) FROM publishing.carried.watermark) = [''{1}'']',
    replace($warehouse, '"', '""'), $made_by
)
