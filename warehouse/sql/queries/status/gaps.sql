-- Months that are over and not whole: late (the source has not come to their end) or with days missing inside.
SELECT framework, metric, month, observed_days, expected_days, state, source, service
FROM monthly_metrics
WHERE state IN ('late', 'gaps')
  AND month >= (SELECT as_of FROM core.clock) - INTERVAL 13 MONTHS
ORDER BY month DESC, framework, metric
