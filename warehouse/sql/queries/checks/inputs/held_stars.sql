-- Answers about stars that were held back and are checked again now: what came after them did without.
SELECT service, entity, min(collected_at) AS collected_at
FROM raw.answers
WHERE row_type IN ('repository_stars', '')
    AND answer_id IN (FROM checked_answers)
    AND answer_id IN (SELECT answer_id FROM raw.quarantine)
GROUP BY service, entity
