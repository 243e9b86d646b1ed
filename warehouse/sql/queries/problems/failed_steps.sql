-- What the last run could not collect, or only a part of.
SELECT source, entity, error, coalesce("rows", 0) > 0 AS has_rows
FROM collection_runs
WHERE runs_ago = 0 AND status = 'failed' AND source IS NOT NULL
ORDER BY source, entity
