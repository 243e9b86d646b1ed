-- The first day of the star history of a repository, from the answer that held its last page.
SELECT min(CAST(json_extract_string(state, '$.history_begins') AS DATE)) AS begins
FROM raw.answers
SEMI JOIN core.answers USING (answer_id)
WHERE service = 'github' AND entity = $repository AND json_exists(state, '$.history_begins')
