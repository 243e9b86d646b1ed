-- Whole histories that lack commits which were published: of months that were over, or because the default branch is
-- another one. Such a history may be true, but nobody should find months smaller without being told why.
WITH branches AS (
    SELECT answer_id, json_extract_string(state, '$.branch') AS branch FROM raw.answers WHERE service = 'git'
),

fresh AS (
    SELECT entity, content_id, collected_at, branch
    FROM told_answers
    INNER JOIN branches USING (answer_id)
    WHERE is_fresh AND service = 'git' AND replaces_all
    QUALIFY recency = max(recency) OVER (PARTITION BY entity)
),

-- The last whole history before, and what was added to it.
known AS (
    SELECT
        told.entity, told.content_id, told.recency, told.collected_at, told.last_whole_day,
        branches.branch
    FROM told_answers AS told
    INNER JOIN branches USING (answer_id)
    SEMI JOIN fresh USING (entity)
    WHERE NOT told.is_fresh AND told.service = 'git'
    QUALIFY told.recency >= coalesce(max(told.recency) FILTER (WHERE told.replaces_all) OVER (PARTITION BY told.entity), 0)
),

before AS (
    SELECT entity, max(last_whole_day) AS last_day, max_by(branch, recency) AS branch
    FROM known
    GROUP BY entity
),

-- Every commit with a possible time (as in core.told_commits; the others count in no figure), merges left out, and in which
-- of the two histories it is.
commits AS (
    SELECT
        entity, commit_key, any_value(committed_on) AS day, bool_or(is_fresh) AS is_there,
        bool_or(NOT is_fresh) AS was_there
    FROM (
        SELECT fresh.entity, told.commit_key, told.committed_on, fresh.collected_at, true AS is_fresh
        FROM raw.git_commits AS told
        INNER JOIN fresh USING (content_id)
        WHERE NOT told.is_merge
        UNION ALL
        SELECT known.entity, told.commit_key, told.committed_on, known.collected_at, false
        FROM raw.git_commits AS told
        INNER JOIN known USING (content_id)
        WHERE NOT told.is_merge
    )
    CROSS JOIN core.first_possible_day AS first
    WHERE committed_on BETWEEN first.day AND CAST(collected_at AS DATE) + 1
    GROUP BY entity, commit_key
),

-- Months that were over when the last answer was made.
months AS (
    SELECT
        commits.entity, date_trunc('month', commits.day) AS month,
        count(*) FILTER (WHERE was_there) > count(*) FILTER (WHERE is_there) AS shrank
    FROM commits
    INNER JOIN before ON commits.entity = before.entity AND last_day(commits.day) <= before.last_day
    GROUP BY commits.entity, month
),

gone AS (
    SELECT entity, count(*) AS commits, min(day) AS first_day, max(day) AS last_day
    FROM commits
    WHERE was_there AND NOT is_there
    GROUP BY entity
)

SELECT
    'git' AS service,
    gone.entity,
    concat_ws(
        '; ',
        CASE
            WHEN fresh.branch IS DISTINCT FROM before.branch
                THEN format(
                    'the default branch is {}, before that {}',
                    coalesce(fresh.branch, 'unknown'), coalesce(before.branch, 'unknown')
                )
            ELSE 'the history was replaced'
        END,
        format('{} commits from {} to {} are gone', gone.commits, gone.first_day, gone.last_day)
    ) AS detail,
    gone.first_day,
    gone.last_day
FROM gone
INNER JOIN fresh USING (entity)
INNER JOIN before USING (entity)
WHERE fresh.branch IS DISTINCT FROM before.branch
    OR EXISTS (SELECT 1 FROM months WHERE months.entity = gone.entity AND months.shrank)
ORDER BY ALL
