-- Is it a job or a hobby?
-- Share of the commits that were made on Saturdays and Sundays (UTC), by year; 2 of 7 days are 0.286.
SELECT
    framework,
    year(day) AS year,
    CAST(sum(value) AS BIGINT) AS commits,
    round(sum(value) FILTER (WHERE isodow(day) >= 6) / sum(value), 3) AS weekend_share
FROM daily_metrics
WHERE metric = 'commits'
GROUP BY framework, year
HAVING sum(value) > 0
ORDER BY framework, year;
