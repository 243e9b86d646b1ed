-- What is missing, and is it gone or only late?
-- Months that are not complete: running, late (the source has not come to their end) or with gaps.
SELECT framework, metric, source, month, state, observed_days, expected_days, round(coverage, 2) AS coverage
FROM monthly_metrics
WHERE NOT is_complete
ORDER BY month DESC, metric, framework;
