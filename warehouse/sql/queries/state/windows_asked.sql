-- The days that the services of a source were asked for about an entity, as first and last days of answers that stand.
-- An answer of a service that knows totals alone says nothing of single days.
SELECT answers.window_start AS first_day, answers.window_end AS last_day
FROM core.answers AS answers
INNER JOIN core.services AS services USING (service)
WHERE services.source = $source AND answers.entity = $entity AND answers.service <> 'top_pypi_packages'
    AND answers.window_start IS NOT NULL AND answers.window_end < CAST(answers.collected_at AS DATE)
