-- Commits of the default branch and the people behind them. Days are those of the committer, UTC: a window on author
-- time would keep changing, because commits may lie for years before they are merged.

CREATE VIEW core.git_coverage AS
SELECT frameworks.framework, max(answers.last_whole_day) AS last_day
FROM core.answers AS answers
INNER JOIN core.frameworks AS frameworks ON answers.entity = frameworks.repository
WHERE answers.service = 'git'
GROUP BY frameworks.framework;
COMMENT ON VIEW core.git_coverage IS 'The last day that was over when the history was read; a history has every day before it, also those without a commit.';

-- The greatest struct is that of the latest answer: three times as fast as ranking the answers of each commit.
CREATE VIEW core.commits AS
SELECT framework, commit_sha, told.author_key, told.is_person, told.day, told.is_merge
FROM (
    SELECT
        frameworks.framework,
        commits.commit_sha,
        max(struct_pack(
            recency := answers.recency,
            author_key := commits.author_key,
            is_person := commits.author_kind = 'person',
            day := CAST(commits.committed_at AS DATE),
            is_merge := commits.is_merge
        )) AS told
    FROM raw.git_commits AS commits
    INNER JOIN core.current_answers AS answers USING (content_id)
    INNER JOIN core.frameworks AS frameworks USING (repository)
    INNER JOIN core.git_coverage AS coverage
        ON frameworks.framework = coverage.framework AND CAST(commits.committed_at AS DATE) <= coverage.last_day
    GROUP BY frameworks.framework, commits.commit_sha
);
COMMENT ON VIEW core.commits IS 'One row a commit, on days that are over.';

CREATE VIEW core.author_days AS
SELECT
    framework,
    author_key,
    day,
    count(*) FILTER (WHERE NOT is_merge) AS commits,
    min(day) OVER author AS first_day,
    bool_and(bool_and(is_person)) OVER author AS is_person
FROM core.commits
GROUP BY framework, author_key, day
WINDOW author AS (PARTITION BY framework, author_key);
COMMENT ON VIEW core.author_days IS 'Days on which an author committed. commits leaves merges out and may be 0; first_day counts merges too.';
