-- What Google Trends was asked: a series is one question, so draws of different questions must never be put together.

CREATE VIEW core.search_questions AS
SELECT
    answers.answer_id,
    answers.entity,
    answers.collected_at,
    coalesce(json_extract_string(state, '$.question.geo'), '') AS geo,
    coalesce(json_extract_string(state, '$.question.timeframe'), '') AS timeframe,
    coalesce(json_extract_string(state, '$.question.match'), '') AS search_match,
    coalesce(TRY_CAST(json_extract_string(state, '$.question.category') AS INTEGER), 0) AS category,
    coalesce(json_extract_string(state, '$.question.property'), '') AS property,
    concat_ws('|', geo, timeframe, search_match, category, property) AS question,
    coalesce(json_extract_string(state, '$.role'), '') AS role,
    coalesce(json_extract_string(state, '$.origin'), '') = 'import' AS is_imported,
    coalesce(TRY_CAST(json_extract_string(state, '$.is_aside') AS BOOLEAN), false) AS is_aside
FROM core.answers AS answers
INNER JOIN raw.answers AS told USING (answer_id)
WHERE answers.service = 'google_trends';
COMMENT ON VIEW core.search_questions IS 'The question of each draw: geo ("" is worldwide), timeframe as in config.toml, topic or term, category and property as Google numbers and names them; question is all of them in one text. role: see core.search_draws. is_imported: it came in a file that a browser had saved; is_aside: such a file that answers another question than config.toml asked then.';

CREATE VIEW core.search_place AS
SELECT CASE WHEN last_geo = '' THEN 'worldwide' ELSE 'in ' || last_geo END AS place
FROM (SELECT coalesce(arg_max(geo, (NOT is_aside, collected_at)), '') AS last_geo FROM core.search_questions);
COMMENT ON VIEW core.search_place IS 'One row: where the searches of the last draw were made, as texts say it: worldwide, in US, in US-NY. Of a draw aside only where no other is kept.';

-- A question counts from its first draw after draws of another one.
CREATE VIEW core.search_question_changes AS
WITH draws AS (
    SELECT
        CAST(questions.collected_at AS DATE) AS asked_on,
        answers.recency,
        questions.question,
        lag(questions.question) OVER (ORDER BY answers.recency) AS question_before
    FROM core.search_questions AS questions
    INNER JOIN core.answers AS answers USING (answer_id)
    WHERE answers.row_count > 0 AND NOT answers.is_synthetic AND NOT questions.is_aside
)

SELECT asked_on, question, question_before
FROM draws
WHERE question <> question_before;
COMMENT ON VIEW core.search_question_changes IS 'Days on which Google Trends began to be asked another question than before.';
