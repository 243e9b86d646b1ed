-- What the answers of the sources give cause to look at.
SELECT service, note, entity
FROM source_notes
WHERE kind = 'doubt'
ORDER BY service, note
