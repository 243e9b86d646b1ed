-- The contents that make up the last one of those kept like the latest answer of a service about an entity: the whole
-- with which they begin, then what differs, step by step. Nothing where no answer had rows of this type.
WITH latest AS (
    SELECT content_id
    FROM raw.answers
    WHERE service = $service AND entity = $entity AND row_type = $row_type
    ORDER BY collected_at DESC, answer_id
    LIMIT 1
),

whole AS (
    SELECT coalesce(steps.whole_id, latest.content_id) AS content_id
    FROM latest
    LEFT JOIN raw.content_steps AS steps USING (content_id)
)

SELECT content_id, 0 AS step FROM whole
UNION ALL
SELECT content_id, step FROM raw.content_steps WHERE whole_id = (FROM whole)
ORDER BY step
