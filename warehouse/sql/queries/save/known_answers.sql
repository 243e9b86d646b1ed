-- Which of these answers are there already.
SELECT answer_id FROM raw.answers WHERE answer_id IN (SELECT unnest(CAST($ids AS VARCHAR[])))
