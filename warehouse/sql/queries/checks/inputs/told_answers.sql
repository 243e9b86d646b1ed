-- Everything that the services of the checked answers have told of the same entities, by answer.
CREATE OR REPLACE TEMPORARY TABLE told_answers AS
SELECT
    answers.answer_id, answers.service, answers.entity, answers.row_type, answers.content_id, answers.row_count,
    answers.replaces_all, answers.collected_at, answers.last_whole_day, answers.told_from, answers.told_to,
    answers.recency, answers.answer_id IN (FROM checked_answers) AS is_fresh
FROM core.answers AS answers
SEMI JOIN (SELECT service, entity FROM raw.answers WHERE answer_id IN (FROM checked_answers)) AS checked
    USING (service, entity)
