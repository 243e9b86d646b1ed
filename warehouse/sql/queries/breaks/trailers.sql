-- Months from which on far more, or far fewer, commits of a repository name a coding agent than before: three months that are
-- over beside the three before them, thirty commits or more in each. Of neighbouring months the one with the largest change.
WITH months AS (
    SELECT
        commits.repository,
        CAST(date_trunc('month', commits.committed_on) AS DATE) AS month,
        count(DISTINCT commits.commit_key) AS commits,
        count(DISTINCT commits.commit_key) FILTER (WHERE commits.has_agent_trailer) AS naming
    FROM raw.git_commits AS commits
    SEMI JOIN core.current_answers AS answers USING (content_id)
    CROSS JOIN core.clock AS clock
    WHERE NOT commits.is_merge
        AND commits.committed_on BETWEEN date_trunc('month', clock.as_of) - INTERVAL 26 MONTH
        AND date_trunc('month', clock.as_of) - INTERVAL 1 DAY
    GROUP BY commits.repository, month
),

sides AS (
    SELECT
        repository, month,
        sum(commits) OVER before AS commits_before, sum(naming) OVER before AS naming_before,
        sum(commits) OVER after AS commits_after, sum(naming) OVER after AS naming_after,
        max(month) OVER (PARTITION BY repository) AS last_month
    FROM months
    WINDOW
        before AS (PARTITION BY repository ORDER BY month RANGE BETWEEN INTERVAL 3 MONTH PRECEDING AND INTERVAL 1 MONTH PRECEDING),
        after AS (PARTITION BY repository ORDER BY month RANGE BETWEEN CURRENT ROW AND INTERVAL 2 MONTH FOLLOWING)
),

shares AS (
    SELECT
        repository, month, naming_before / commits_before AS before, naming_after / commits_after AS after,
        (naming_before + naming_after) / (commits_before + commits_after) AS pooled,
        abs(after - before) / sqrt(pooled * (1 - pooled) * (1 / commits_before + 1 / commits_after)) AS score
    FROM sides
    WHERE commits_before >= 30 AND commits_after >= 30 AND month <= last_month - INTERVAL 2 MONTH
        AND naming_before + naming_after > 0
)

SELECT repository, month, before, after
FROM shares
WHERE greatest(before, after) >= 0.05 AND greatest(before, after) >= 5 * least(before, after) AND score >= 5
QUALIFY abs(after - before) = max(abs(after - before)) OVER (
        PARTITION BY repository ORDER BY month RANGE BETWEEN INTERVAL 3 MONTH PRECEDING AND INTERVAL 3 MONTH FOLLOWING
    )
    AND row_number() OVER (PARTITION BY repository, abs(after - before) ORDER BY month) = 1
ORDER BY repository, month
