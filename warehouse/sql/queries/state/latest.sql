-- The state that the last answer of a source about an entity left.
SELECT state
FROM core.answers
WHERE source = $source AND entity = $entity
ORDER BY recency DESC
LIMIT 1
