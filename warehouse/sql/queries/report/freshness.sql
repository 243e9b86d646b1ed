-- How old each source's last figure is, what wants attention first and of that the oldest.
SELECT source, service, entity, signal, last_day, age_days, status, collected_at
FROM freshness
ORDER BY status = 'fresh', age_days DESC NULLS FIRST, source, service, entity, signal
