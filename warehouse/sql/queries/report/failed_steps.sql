-- What the last run could not collect.
SELECT source, entity, error
FROM collection_runs
WHERE runs_ago = 0 AND status = 'failed' AND source IS NOT NULL
ORDER BY source, entity
