-- First and last day that a source has told of an entity.
SELECT min(days.first_day), max(days.last_day)
FROM core.answers AS answers
INNER JOIN (
    SELECT content_id, period_start AS first_day, period_end AS last_day, basis FROM raw.pypi_downloads
    UNION ALL
    SELECT content_id, day, day, NULL FROM raw.repository_stars
) AS days USING (content_id)
WHERE answers.source = $source
    AND answers.entity = $entity
    AND (CAST($basis AS VARCHAR) IS NULL OR days.basis = $basis)
