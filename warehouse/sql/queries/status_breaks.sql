-- Breaks that still make a comparison of the last 24 months impossible, the newest first.
SELECT source, metric, effective_on, kind, what_changed
FROM measurement_breaks
WHERE effective_on >= (SELECT max(month) FROM monthly_metrics) - INTERVAL 24 MONTHS
ORDER BY effective_on DESC, source, metric, what_changed
