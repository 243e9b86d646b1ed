-- The state that the last answer of a service about an entity left.
SELECT state
FROM core.answers
WHERE service = $service AND entity = $entity
ORDER BY recency DESC
LIMIT 1
