-- The last three runs, newest first: of each the steps that did not end well or needed a service that stands in, and
-- where no step failed a row that says how the run ended.
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
        count(source) FILTER (WHERE status IN ('ok', 'fallback')) AS steps_ok,
        sum("rows") AS new_rows
    FROM collection_runs
    WHERE runs_ago < 3
    GROUP BY run_id, flow, runs_ago, run_status, run_error
),

steps AS (
    SELECT run_id, status, source, entity, error
    FROM collection_runs
    WHERE status <> 'ok' AND source IS NOT NULL
),

told AS (
    FROM steps
    UNION ALL
    SELECT run_id, run_status, NULL, NULL, run_error
    FROM last_runs
    WHERE run_id NOT IN (SELECT run_id FROM steps WHERE status <> 'fallback')
)

SELECT
    last_runs.run_id,
    last_runs.flow,
    last_runs.started_at,
    last_runs.finished_at,
    last_runs.steps_ok,
    last_runs.steps,
    last_runs.new_rows,
    told.status,
    told.source,
    told.entity,
    told.error
FROM last_runs
INNER JOIN told USING (run_id)
ORDER BY last_runs.runs_ago, told.source NULLS FIRST, told.entity
