-- Search interest a week; synthetic figures have nothing to be suspected of.
SELECT framework, week_start, CAST(week_start + INTERVAL 6 DAY AS DATE) AS week_end, interest
FROM core.search_weeks
WHERE NOT is_synthetic
ORDER BY framework, week_start
