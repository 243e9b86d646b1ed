-- The state that the last answer of a service about an entity left.
SELECT state
FROM raw.answers
WHERE answer_id = (
    SELECT arg_max(answer_id, recency) FROM core.answers WHERE service = $service AND entity = $entity
)
