-- Stars a day of every repository.
SELECT framework, day, CAST(stars_added AS DOUBLE) AS stars_added
FROM core.star_days
WHERE stars_added >= 0
ORDER BY framework, day
