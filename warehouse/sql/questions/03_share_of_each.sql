-- What share of the downloads does each framework have?
-- By the daily mean of complete months that all frameworks have on the same basis.
SELECT
    month,
    basis,
    framework,
    round(daily_mean) AS downloads_a_day,
    round(daily_mean / sum(daily_mean) OVER together, 3) AS share
FROM monthly_metrics
WHERE metric = 'pypi_downloads' AND is_complete
WINDOW together AS (PARTITION BY month, source, basis)
QUALIFY count(*) OVER together = (SELECT count(*) FROM frameworks)
ORDER BY month DESC, share DESC;
