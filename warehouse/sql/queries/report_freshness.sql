-- How old each source's last figure is.
SELECT source, entity, last_day, age_days, status FROM freshness ORDER BY source, entity
