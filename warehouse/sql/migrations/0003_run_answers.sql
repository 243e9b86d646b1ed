-- Which answers a run got, also those that were known before it: the checks of a run look at all of them.
CREATE TABLE raw.run_answers (run_id VARCHAR, answer_id VARCHAR);
INSERT INTO raw.run_answers SELECT run_id, answer_id FROM raw.answers;
