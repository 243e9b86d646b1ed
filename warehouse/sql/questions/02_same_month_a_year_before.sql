-- How does each month compare with the same month a year before?
-- Only complete months of one source on one basis; daily means, because a February may have 29 days.
SELECT
    now.framework,
    now.metric,
    now.month,
    round(now.daily_mean, 1) AS daily_mean,
    round(before.daily_mean, 1) AS daily_mean_before,
    round(now.daily_mean / before.daily_mean - 1, 3) AS change
FROM monthly_metrics AS now
INNER JOIN monthly_metrics AS before
    ON now.framework = before.framework
    AND now.metric = before.metric
    AND now.source = before.source
    AND now.basis = before.basis
    AND now.month = before.month + INTERVAL 1 YEAR
WHERE now.metric IN ('stars', 'commits') AND now.is_complete AND before.is_complete AND before.daily_mean > 0
ORDER BY now.metric, now.framework, now.month DESC;
