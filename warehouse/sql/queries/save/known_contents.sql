-- Which of these contents an answer has brought already.
SELECT DISTINCT content_id FROM raw.answers WHERE content_id IN (SELECT unnest(CAST($ids AS VARCHAR[])))
