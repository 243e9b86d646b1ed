-- Statements that write into the copy what the next night compares with: days of authors from the first one that is new.
SELECT
    'DELETE FROM publishing.carried.author_days WHERE day >= CAST(getvariable(''git_from'') AS DATE); '
    || 'INSERT INTO publishing.carried.author_days BY NAME '
    || 'SELECT framework, author_key, day, commits, agent_commits, first_day, is_person '
    || 'FROM evaluation.carried.author_days ORDER BY framework, day, author_key'
UNION ALL
SELECT format(
    'DELETE FROM publishing.carried."{0}"; INSERT INTO publishing.carried."{0}" FROM evaluation.carried."{0}" ORDER BY ALL', name
)
FROM (SELECT unnest($names) AS name)
