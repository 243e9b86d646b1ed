-- Whether a source has told anything of an entity.
SELECT 1
FROM core.answers
WHERE source = $source
    AND entity = $entity
    AND row_count > 0
    AND (CAST($row_type AS VARCHAR) IS NULL OR row_type = $row_type)
LIMIT 1
