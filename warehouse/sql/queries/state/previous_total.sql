-- The last totals of a repository.
SELECT totals.repository, totals.day, totals.stars, totals.forks
FROM raw.repository_totals AS totals
INNER JOIN core.answers AS answers USING (content_id)
WHERE totals.repository = $repository
ORDER BY answers.recency DESC, totals.day DESC
LIMIT 1
