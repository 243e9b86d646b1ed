-- What a run has to check: the answers it got, known before or not, and those of runs that never came to check theirs.
CREATE OR REPLACE TEMPORARY TABLE checked_answers AS
SELECT answer_id
FROM raw.run_answers
WHERE run_id = $run_id OR run_id NOT IN (SELECT run_id FROM raw.check_results)
GROUP BY answer_id
