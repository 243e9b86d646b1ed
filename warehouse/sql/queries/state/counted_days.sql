-- The days on which a service has counted any download of a package.
SELECT DISTINCT downloads.period_start
FROM raw.pypi_downloads AS downloads
INNER JOIN core.answers AS answers USING (content_id)
WHERE answers.service = $service
    AND answers.entity = $entity
    AND downloads.period_start = downloads.period_end
    AND downloads.downloads > 0
ORDER BY downloads.period_start
