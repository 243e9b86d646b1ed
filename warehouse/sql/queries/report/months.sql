-- Months of the period and of the 12 months before it.
SELECT framework, metric, month, value, daily_mean, coverage, is_complete, basis, service, state
FROM monthly_metrics
WHERE month BETWEEN $first_month AND $last_month
ORDER BY framework, metric, month
