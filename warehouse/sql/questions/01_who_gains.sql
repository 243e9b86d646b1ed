-- Who gains and who loses, over 12 months?
-- The last 12 months beside the 12 before. Where the two cannot be compared there is no number but a reason.
SELECT framework, metric, day AS until, value, previous_value, round(change, 3) AS change, reason
FROM rolling_12_months
QUALIFY day = max(day) OVER (PARTITION BY framework, metric)
ORDER BY metric, framework;
