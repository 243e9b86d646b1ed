-- Commits of the default branch and the people behind them. Days are those of the committer, UTC: a window on author
-- time would keep changing, because commits may lie for years before they are merged.

CREATE VIEW core.git_coverage AS
SELECT entity AS repository, max(last_whole_day) AS last_day
FROM core.answers
WHERE service = 'git'
GROUP BY entity;
COMMENT ON VIEW core.git_coverage IS 'The last day that was over when the history was read; a history has every day before it, also those without a commit.';

-- A time that cannot be (git cannot read it, it is before core.first_possible_day, or over a day later than the one on
-- which it was read) is no day: nothing that goes by days may begin, end or grow with it.
CREATE VIEW core.told_commits AS
-- The greatest struct is that of the latest answer: three times as fast as ranking the answers of each commit.
SELECT framework, repository, commit_key, told.author_key, told.is_person, told.is_bot, told.day, told.is_merge, told.has_agent_trailer
FROM (
    SELECT
        frameworks.framework,
        repository,
        commits.commit_key,
        max(struct_pack(
            recency := answers.recency,
            author_key := commits.author_key,
            is_person := commits.author_kind = 'person',
            is_bot := commits.author_kind = 'bot',
            day := CASE
                WHEN commits.committed_on BETWEEN first.day AND CAST(answers.collected_at AS DATE) + 1
                    THEN commits.committed_on
            END,
            is_merge := commits.is_merge,
            has_agent_trailer := commits.has_agent_trailer
        )) AS told
    FROM raw.git_commits AS commits
    INNER JOIN core.current_answers AS answers USING (content_id)
    INNER JOIN core.frameworks AS frameworks USING (repository)
    CROSS JOIN core.first_possible_day AS first
    GROUP BY frameworks.framework, repository, commits.commit_key
);
COMMENT ON VIEW core.told_commits IS 'One row a commit; day is NULL where its time cannot be.';

CREATE VIEW core.commits AS
SELECT commits.*
FROM core.told_commits AS commits
INNER JOIN core.git_coverage AS coverage
    ON commits.repository = coverage.repository AND commits.day <= coverage.last_day;
COMMENT ON VIEW core.commits IS 'One row a commit, on days that are over.';

CREATE VIEW core.undated_commits AS
SELECT framework, count(*) AS commits
FROM core.told_commits
WHERE day IS NULL
GROUP BY framework;
COMMENT ON VIEW core.undated_commits IS 'How many commits have a time that cannot be: they count in no figure.';

CREATE VIEW core.author_days AS
SELECT
    framework,
    author_key,
    day,
    count(*) FILTER (WHERE NOT is_merge) AS commits,
    count(*) FILTER (WHERE NOT is_merge AND has_agent_trailer) AS agent_commits,
    count(*) FILTER (WHERE NOT is_merge AND is_bot) AS bot_commits,
    min(day) OVER author AS first_day,
    min(day) FILTER (WHERE NOT bool_and(is_merge)) OVER author AS first_work_day,
    bool_and(bool_and(is_person)) OVER author AS is_person
FROM core.commits
GROUP BY framework, author_key, day
WINDOW author AS (PARTITION BY framework, author_key);
COMMENT ON VIEW core.author_days IS 'Days on which an author committed. commits, agent_commits (those that name a coding agent in a trailer) and bot_commits (those of a machine) leave merges out and may be 0; first_day counts merges too, first_work_day does not and may be NULL.';

CREATE VIEW core.git_spans AS
SELECT author_days.framework, min(author_days.first_day) AS first_day, any_value(coverage.last_day) AS last_day
FROM core.author_days AS author_days
INNER JOIN core.frameworks AS frameworks USING (framework)
INNER JOIN core.git_coverage AS coverage USING (repository)
GROUP BY author_days.framework;
COMMENT ON VIEW core.git_spans IS 'From the first commit of a history to the last day that was over when it was read.';

CREATE VIEW core.git_calendar AS
SELECT spans.framework, spans.first_day, spans.last_day, calendar.*
FROM core.git_spans AS spans
INNER JOIN core.calendar AS calendar ON calendar.day BETWEEN spans.first_day AND spans.last_day;
COMMENT ON VIEW core.git_calendar IS 'Every day of each history, with what core.calendar says of it.';
