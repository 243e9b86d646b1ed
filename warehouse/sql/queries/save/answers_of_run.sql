-- Which of these answers the run is known to have got.
SELECT answer_id FROM raw.run_answers
WHERE run_id = $run_id AND answer_id IN (SELECT unnest(CAST($ids AS VARCHAR[])))
