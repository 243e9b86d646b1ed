-- How old each source's figures are, the most worrying first.
SELECT source, service, entity, last_day, collected_at, age_days, status, signal
FROM freshness
ORDER BY age_days DESC NULLS FIRST, source, entity
