-- Downloads a day of every package, by service and basis; a window total counts with its daily mean.
SELECT service, basis, package, period_start, period_end, downloads / window_days AS daily_mean
FROM core.downloads
WHERE window_days > 0 AND downloads >= 0
ORDER BY service, basis, package, period_start, period_end
