-- Stars a day of every repository.
SELECT framework, day, value
FROM core.star_days
WHERE value >= 0
ORDER BY framework, day
