-- How old each source's last figure is.
SELECT service, entity, last_day, age_days, status, signal FROM freshness ORDER BY source, service, signal, entity
