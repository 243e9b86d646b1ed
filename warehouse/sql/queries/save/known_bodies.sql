-- Which of these bodies are there already.
SELECT body_id FROM raw.bodies WHERE body_id IN (SELECT unnest(CAST($ids AS VARCHAR[])))
