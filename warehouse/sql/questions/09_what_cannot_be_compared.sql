-- Which comparisons are withheld, and why?
-- The last day of each month.
SELECT framework, metric, reason, min(day) AS first_day, max(day) AS last_day, count(*) AS month_ends
FROM rolling_12_months
WHERE NOT is_comparable AND day = last_day(day)
GROUP BY framework, metric, reason
ORDER BY last_day DESC, metric, framework, reason;
