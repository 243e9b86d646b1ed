-- First and last day of what each answer told of the stars of a repository: a page of the history, or all of it.
SELECT min(stars.day) AS first_day, max(stars.day) AS last_day
FROM raw.repository_stars AS stars
INNER JOIN core.answers AS answers USING (content_id)
WHERE answers.service = 'github' AND answers.entity = $repository AND answers.row_type = 'repository_stars'
GROUP BY answers.content_id
ORDER BY first_day, last_day
