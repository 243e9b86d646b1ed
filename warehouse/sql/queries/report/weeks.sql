-- Weekly means of daily figures, whole weeks only (Monday to Sunday).
SELECT framework, metric, date_trunc('week', day)::DATE + 6 AS week_end, avg(value) AS daily_mean
FROM daily_metrics
WHERE list_contains($weekly, metric)
  AND day BETWEEN $first_day AND $last_day
GROUP BY framework, metric, week_end
HAVING count(*) = 7
ORDER BY framework, metric, week_end
