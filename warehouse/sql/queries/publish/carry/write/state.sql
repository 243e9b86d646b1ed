-- Statements that write into the copy what the next night compares with: days of authors from the first one that is new,
-- answers that are new or gone, and all of what is small.
SELECT
    'DELETE FROM publishing.carried.author_days WHERE day >= CAST(getvariable(''git_from'') AS DATE); '
    || 'INSERT INTO publishing.carried.author_days BY NAME '
    || 'SELECT framework, author_key, day, commits, agent_commits, bot_commits, first_day, first_work_day, is_person '
    || 'FROM evaluation.carried.author_days ORDER BY framework, day, author_key'
UNION ALL
SELECT
    'DELETE FROM publishing.carried.answers WHERE answer_id IN (SELECT answer_id FROM evaluation.carried.gone_answers); '
    || 'INSERT INTO publishing.carried.answers '
    || 'SELECT answer_id, content_id, row_type FROM evaluation.carried.new_answers ORDER BY ALL'
UNION ALL
SELECT format(
    'DELETE FROM publishing.carried."{0}"; INSERT INTO publishing.carried."{0}" FROM evaluation.carried."{0}" ORDER BY ALL', name
)
FROM (SELECT unnest($names) AS name)
