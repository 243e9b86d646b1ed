-- Why the last night's tables cannot be the beginning of tonight's: a row for each reason; none where they can.
SELECT 'the configuration is another one' AS reason
FROM publishing.carried.watermark AS last
WHERE last.configuration IS DISTINCT FROM (SELECT configuration FROM evaluation.carried.configuration)
UNION ALL
SELECT 'the day lies before that of the last night'
FROM publishing.carried.watermark AS last
CROSS JOIN evaluation.core.clock AS clock
WHERE clock.as_of < last.as_of
UNION ALL
SELECT 'there is no state of a last night' WHERE NOT EXISTS (FROM publishing.carried.watermark)
UNION ALL
SELECT 'a commit was told twice before' FROM publishing.carried.watermark WHERE NOT has_each_commit_once
UNION ALL
SELECT DISTINCT 'an answer about commits no longer counts'
FROM evaluation.carried.gone_answers
WHERE row_type = 'git_commits'
UNION ALL
SELECT DISTINCT 'a history has fewer days that were over'
FROM publishing.carried.git_coverage AS before
LEFT JOIN evaluation.core.git_coverage AS coverage USING (repository)
WHERE coverage.last_day IS NULL OR coverage.last_day < before.last_day
UNION ALL
SELECT DISTINCT 'a new commit has a time that cannot be'
FROM evaluation.carried.new_commits AS commits
CROSS JOIN evaluation.core.first_possible_day AS first
WHERE commits.committed_on IS NULL
    OR commits.committed_on < first.day
    OR commits.committed_on > CAST(commits.collected_at AS DATE) + 1
UNION ALL
SELECT DISTINCT 'a commit is told again'
FROM evaluation.carried.new_commits AS commits
SEMI JOIN (
    FROM evaluation.carried.git_commits AS told
    ANTI JOIN evaluation.carried.fresh_contents AS fresh USING (content_id)
) AS known USING (repository, commit_key)
UNION ALL
SELECT 'a commit is told twice'
FROM evaluation.carried.new_commits
HAVING count(*) <> count(DISTINCT (repository, commit_key))
UNION ALL
-- A view that nobody has told how to answer from a part of the rows.
SELECT format('{}.{} reads {}', views.schema_name, views.view_name, narrowed.name)
FROM duckdb_views() AS views
INNER JOIN (SELECT unnest($narrowed) AS name) AS narrowed
    ON regexp_matches(views.sql, '\b' || replace(narrowed.name, '.', '\.') || '\b')
WHERE views.database_name = $warehouse
    AND format('{}.{}', views.schema_name, views.view_name) NOT IN (FROM (SELECT unnest($narrowed || $others)))
