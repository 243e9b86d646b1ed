-- From the commits of keras in May 2021 to the raw rows, the run and the request that they come from.
SELECT
    commits.commit_key,
    commits.committed_on,
    lineage.raw_table,
    lineage.content_id,
    lineage.request,
    lineage.collected_at,
    runs.run_id,
    runs.started_at,
    runs.program_version
FROM lineage
INNER JOIN raw.git_commits AS commits USING (content_id)
INNER JOIN raw.runs AS runs ON lineage.run_id = runs.run_id
WHERE lineage.framework = 'keras' AND lineage.metric = 'commits' AND lineage.month = DATE '2021-05-01'
    AND date_trunc('month', commits.committed_on) = lineage.month AND NOT commits.is_merge
ORDER BY commits.committed_on, commits.commit_key
