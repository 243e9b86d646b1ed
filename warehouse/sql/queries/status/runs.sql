-- The last three runs, newest first, and in each the steps that did not end well.
WITH last_runs AS (
    SELECT run_id, flow, min(started_at) AS run_started_at, max(finished_at) AS run_finished_at,
           count(*) AS steps, count(*) FILTER (WHERE status = 'ok') AS steps_ok, sum("rows") AS new_rows
    FROM collection_runs
    GROUP BY run_id, flow
    ORDER BY run_started_at DESC, run_id
    LIMIT 3
)
SELECT last_runs.run_id, last_runs.flow, last_runs.run_started_at AS started_at,
       last_runs.run_finished_at AS finished_at, last_runs.steps_ok, last_runs.steps, last_runs.new_rows,
       coalesce(bad.status, 'ok') AS status, bad.source, bad.entity, bad.error
FROM last_runs
LEFT JOIN (SELECT * FROM collection_runs WHERE status <> 'ok') AS bad USING (run_id)
ORDER BY last_runs.run_started_at DESC, last_runs.run_id, bad.source, bad.entity
