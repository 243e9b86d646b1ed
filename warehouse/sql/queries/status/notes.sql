-- What the answers of the sources give cause to look at, and what is still to come.
SELECT kind, source, entity, note
FROM source_notes
ORDER BY kind, source, entity, note
