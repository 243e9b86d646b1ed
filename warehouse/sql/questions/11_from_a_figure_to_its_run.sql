-- Which runs does a figure come from, how did they end, and how old is its source now?
-- source is the name in config.toml everywhere: figures, answers, runs and freshness join on it. Commits of the last month.
SELECT
    lineage.framework,
    lineage.month,
    lineage.source,
    lineage.service,
    lineage.entity,
    runs.run_id,
    runs.started_at,
    runs.status,
    lineage.raw_rows,
    freshness.status AS freshness
FROM lineage
INNER JOIN collection_runs AS runs
    ON lineage.run_id = runs.run_id AND lineage.source = runs.source AND lineage.entity = runs.entity
INNER JOIN freshness ON lineage.source = freshness.source AND lineage.entity = freshness.entity
WHERE lineage.metric = 'commits'
QUALIFY lineage.month = max(lineage.month) OVER (PARTITION BY lineage.framework)
ORDER BY lineage.framework, runs.started_at;
