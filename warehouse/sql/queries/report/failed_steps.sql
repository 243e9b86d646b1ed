-- What the last run could not collect.
SELECT source, entity, error
FROM collection_runs
WHERE status = 'failed'
  AND source IS NOT NULL
  AND run_number = (SELECT max(run_number) FROM collection_runs)
ORDER BY source, entity
