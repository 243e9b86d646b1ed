-- When the last night began that came to an end by itself; one that was stopped or killed has to be made up for.
SELECT started_at
FROM raw.runs
WHERE flow = 'nightly' AND status IN ('ok', 'partial', 'failed')
ORDER BY run_number DESC
LIMIT 1
