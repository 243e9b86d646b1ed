-- The last three runs, newest first: of each the steps that did not end well, else one row that says how the run ended.
WITH last_runs AS (
    SELECT
        run_id,
        flow,
        runs_ago,
        run_status,
        run_error,
        min(started_at) AS started_at,
        max(finished_at) AS finished_at,
        count(source) AS steps,
        count(source) FILTER (WHERE status = 'ok') AS steps_ok,
        sum("rows") AS new_rows
    FROM collection_runs
    WHERE runs_ago < 3
    GROUP BY run_id, flow, runs_ago, run_status, run_error
)

SELECT
    last_runs.run_id,
    last_runs.flow,
    last_runs.started_at,
    last_runs.finished_at,
    last_runs.steps_ok,
    last_runs.steps,
    last_runs.new_rows,
    coalesce(bad.status, last_runs.run_status) AS status,
    bad.source,
    bad.entity,
    coalesce(bad.error, last_runs.run_error) AS error
FROM last_runs
LEFT JOIN (SELECT * FROM collection_runs WHERE status <> 'ok' AND source IS NOT NULL) AS bad USING (run_id)
ORDER BY last_runs.runs_ago, bad.source, bad.entity
