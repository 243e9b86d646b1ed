-- What the last run got, at least in part, from a service that stands in for the preferred one.
SELECT source, entity, error, coalesce("rows", 0) > 0 AS has_rows
FROM collection_runs
WHERE runs_ago = 0 AND status = 'fallback' AND source IS NOT NULL
ORDER BY source, entity
