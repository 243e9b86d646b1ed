-- Everything that the services of the checked answers have told of the same entities, by answer.
CREATE OR REPLACE TEMPORARY TABLE told_answers AS
SELECT answers.*, answers.answer_id IN (FROM checked_answers) AS is_fresh
FROM core.answers AS answers
SEMI JOIN (SELECT service, entity FROM raw.answers WHERE answer_id IN (FROM checked_answers)) AS checked
    USING (service, entity)
