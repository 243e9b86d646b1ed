CREATE VIEW quality_checks AS
SELECT
    results.run_id, results.check_name, results.source, results.entity, results.status, results.detail, runs.as_of,
    results.service
FROM raw.check_results AS results
INNER JOIN core.runs AS runs USING (run_id)
WHERE runs.runs_ago = 0;

COMMENT ON VIEW quality_checks IS 'What the checks of the last run found. Grain: check_name, service, entity. What fails is held back: the figures published before stay.';
COMMENT ON COLUMN quality_checks.run_id IS 'The run that was checked.';
COMMENT ON COLUMN quality_checks.check_name IS 'vanished, other_history, negative_counts, missing_days, abrupt_revision, clock_skew, duplicate_keys.';
COMMENT ON COLUMN quality_checks.source IS 'Source in config.toml whose answers were checked; * where all passed or the check could not run.';
COMMENT ON COLUMN quality_checks.entity IS 'Package, repository or group of search terms; * where all passed or the check could not run.';
COMMENT ON COLUMN quality_checks.status IS 'passed; failed: held back; believed: said on a third day, so let in; broken: the check could not run, so it held nothing back.';
COMMENT ON COLUMN quality_checks.detail IS 'What was found.';
COMMENT ON COLUMN quality_checks.as_of IS 'Day of the run.';
COMMENT ON COLUMN quality_checks.service IS 'Service whose answers were checked; * where all passed or the check could not run.';
