-- What Google Trends was asked: a series is one question, so draws of different questions must never be put together.

CREATE VIEW core.search_questions AS
SELECT
    answer_id,
    entity,
    collected_at,
    coalesce(json_extract_string(state, '$.question.geo'), '') AS geo,
    coalesce(json_extract_string(state, '$.question.timeframe'), '') AS timeframe,
    coalesce(json_extract_string(state, '$.question.match'), '') AS search_match,
    coalesce(TRY_CAST(json_extract_string(state, '$.question.category') AS INTEGER), 0) AS category,
    coalesce(json_extract_string(state, '$.question.property'), '') AS property,
    concat_ws('|', geo, timeframe, search_match, category, property) AS question
FROM core.answers
WHERE service = 'google_trends';
COMMENT ON VIEW core.search_questions IS 'The question of each draw: geo ("" is worldwide), timeframe as in config.toml, topic or term, category and property as Google numbers and names them; question is all of them in one text.';

CREATE VIEW core.search_place AS
SELECT CASE WHEN last_geo = '' THEN 'worldwide' ELSE 'in ' || last_geo END AS place
FROM (SELECT coalesce(arg_max(geo, collected_at), '') AS last_geo FROM core.search_questions);
COMMENT ON VIEW core.search_place IS 'One row: where the searches of the last draw were made, as texts say it: worldwide, in US, in US-NY.';
