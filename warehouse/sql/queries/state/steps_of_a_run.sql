-- The steps of a run, as text for a table.
SELECT
    source,
    entity,
    "window",
    strftime(started_at, '%Y-%m-%d %H:%M:%S') AS started_at,
    strftime(finished_at, '%Y-%m-%d %H:%M:%S') AS finished_at,
    status,
    "rows",
    error
FROM collection_runs
WHERE run_id = $run_id AND source IS NOT NULL
ORDER BY collection_runs.started_at, source, entity
