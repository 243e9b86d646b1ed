-- The last day of a package on the basis that lags behind, from the service that is preferred.
SELECT max(downloads.period_end) AS last_day
FROM core.downloads AS downloads
INNER JOIN core.services AS services USING (service)
WHERE downloads.package = $entity
    AND services.preference = 1
    AND downloads.period_start = downloads.period_end
GROUP BY downloads.basis
ORDER BY last_day
LIMIT 1
