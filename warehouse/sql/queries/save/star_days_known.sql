-- What the views say of the stars of a repository on each of these days, from answers before this moment. A day of which
-- two answers of one moment say different things is left out.
WITH told AS (
    SELECT content_id, collected_at, replaces_all AND (row_type = 'repository_stars' OR row_count = 0) AS is_whole
    FROM raw.answers AS answers
    WHERE service = $service
        AND entity = $entity
        AND collected_at < $at
        AND NOT EXISTS (FROM raw.quarantine AS held WHERE held.answer_id = answers.answer_id)
)

SELECT stars.day, max_by(stars.stars_added, told.collected_at) AS stars_added
FROM raw.repository_stars AS stars
INNER JOIN told USING (content_id)
WHERE stars.repository = $entity
    AND stars.day BETWEEN $first_day AND $last_day
    AND stars.day < CAST(told.collected_at AS DATE)
    AND told.collected_at >= coalesce((SELECT max(collected_at) FROM told WHERE is_whole), TIMESTAMP '-infinity')
GROUP BY stars.day
HAVING max_by(stars.stars_added, (told.collected_at, stars.stars_added))
    = max_by(stars.stars_added, (told.collected_at, -stars.stars_added))
