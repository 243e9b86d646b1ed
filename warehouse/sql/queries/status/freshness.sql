-- How old each source's last figure is, the oldest first.
SELECT source, service, entity, last_day, age_days, status, collected_at
FROM freshness
ORDER BY status = 'fresh', age_days DESC NULLS FIRST, source, service, entity
