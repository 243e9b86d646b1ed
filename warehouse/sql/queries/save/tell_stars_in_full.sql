-- Give later answers about the stars of a repository the rows that they left out: as the last answer before each told
-- them. Needed before anything that comes between them and what they rely on.
INSERT INTO raw.repository_stars BY NAME
WITH told AS (
    SELECT answer_id, content_id, collected_at, told_from, told_to
    FROM raw.answers
    WHERE service = $service AND entity = $entity AND row_type = 'repository_stars'
),

left_out AS (
    SELECT later.content_id, min(later.collected_at) AS collected_at, days.day
    FROM told AS later
    CROSS JOIN LATERAL (
        SELECT CAST(unnest(range(later.told_from, later.told_to + INTERVAL 1 DAY, INTERVAL 1 DAY)) AS DATE) AS day
    ) AS days
    WHERE later.collected_at >= $at AND later.told_from IS NOT NULL
    GROUP BY later.content_id, days.day
)

SELECT
    left_out.content_id,
    CAST($entity AS VARCHAR) AS repository,
    left_out.day,
    max_by(stars.stars_added, told.collected_at) AS stars_added
FROM left_out
INNER JOIN told ON told.collected_at < left_out.collected_at
INNER JOIN raw.repository_stars AS stars
    ON told.content_id = stars.content_id AND left_out.day = stars.day
WHERE stars.day < CAST(told.collected_at AS DATE)
    AND NOT EXISTS (FROM raw.quarantine AS held WHERE held.answer_id = told.answer_id)
    AND NOT EXISTS (
        FROM raw.repository_stars AS own WHERE own.content_id = left_out.content_id AND own.day = left_out.day
    )
GROUP BY left_out.content_id, left_out.day
