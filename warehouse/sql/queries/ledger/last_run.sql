-- When the last run began, whatever day the views answer for: the ledger itself, not core.runs.
SELECT started_at
FROM raw.runs
ORDER BY run_number DESC
LIMIT 1
