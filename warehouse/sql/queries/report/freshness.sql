-- How old each source's last figure is.
SELECT source, entity, last_day, age_days, status, signal FROM freshness ORDER BY source, signal, entity
