CREATE VIEW collection_runs AS
SELECT
    runs.run_id,
    runs.flow,
    steps.source,
    steps.entity,
    strftime(steps.window_start, '%Y-%m-%d') || ' to ' || strftime(steps.window_end, '%Y-%m-%d') AS "window",
    coalesce(steps.started_at, runs.started_at) AS started_at,
    CASE WHEN steps.run_id IS NULL THEN runs.finished_at ELSE steps.finished_at END AS finished_at,
    coalesce(steps.status, runs.status) AS status,
    steps."rows",
    CASE WHEN steps.run_id IS NULL THEN runs.error ELSE steps.error END AS error,
    runs.as_of,
    runs.status AS run_status,
    runs.program_version,
    runs.run_number,
    runs.runs_ago,
    runs.error AS run_error
FROM core.runs AS runs
LEFT JOIN raw.run_steps AS steps USING (run_id);

COMMENT ON VIEW collection_runs IS 'What was collected when, and how it went. Grain: run_id, source, entity; a run without any step has one row.';
COMMENT ON COLUMN collection_runs.run_id IS 'Identifies a run.';
COMMENT ON COLUMN collection_runs.flow IS 'nightly or backfill.';
COMMENT ON COLUMN collection_runs.source IS 'Source in config.toml that was asked; freshness, lineage and the figures have it too, and the service that answered.';
COMMENT ON COLUMN collection_runs.entity IS 'What was asked about: a package, a repository, a group of search terms.';
COMMENT ON COLUMN collection_runs."window" IS 'Days asked for, "first to last"; NULL where the request names none.';
COMMENT ON COLUMN collection_runs.started_at IS 'UTC.';
COMMENT ON COLUMN collection_runs.finished_at IS 'UTC; NULL while running and for what was interrupted.';
COMMENT ON COLUMN collection_runs.status IS 'Of the step: ok, fallback (a service that stands in brought some of it), failed, running, interrupted (the process was killed).';
COMMENT ON COLUMN collection_runs."rows" IS 'Rows that were new.';
COMMENT ON COLUMN collection_runs.error IS 'What went wrong; of a fallback what the preferred service lacked.';
COMMENT ON COLUMN collection_runs.as_of IS 'Day of the run.';
COMMENT ON COLUMN collection_runs.run_status IS 'Of the whole run: ok, partial (something failed), failed, running, interrupted.';
COMMENT ON COLUMN collection_runs.program_version IS 'Version of this program.';
COMMENT ON COLUMN collection_runs.run_number IS 'Runs in the order they began, from 1.';
COMMENT ON COLUMN collection_runs.runs_ago IS '0 for the last run, 1 for the one before.';
COMMENT ON COLUMN collection_runs.run_error IS 'What went wrong in the whole run, a line each: steps, checks, mails.';
