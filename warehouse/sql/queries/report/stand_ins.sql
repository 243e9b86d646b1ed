-- What the last run got, at least in part, from a service that stands in for the preferred one.
SELECT source, entity, error
FROM collection_runs
WHERE runs_ago = 0 AND status = 'fallback' AND source IS NOT NULL
ORDER BY source, entity
