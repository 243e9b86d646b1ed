-- When the first of the checked answers of a service about an entity was collected.
SELECT min(collected_at) AS collected_at
FROM raw.answers
WHERE service = $service AND entity = $entity AND answer_id IN (FROM checked_answers)
HAVING min(collected_at) IS NOT NULL
