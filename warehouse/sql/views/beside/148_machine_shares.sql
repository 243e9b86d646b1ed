CREATE VIEW machine_shares AS
WITH figures AS (
    SELECT framework, metric, month, value, is_complete FROM monthly_metrics WHERE source = 'git_history'
),

months AS (
    SELECT
        framework,
        month,
        max(value) FILTER (WHERE metric = 'commits') AS commits,
        max(value) FILTER (WHERE metric = 'masked_or_bot_commits') AS masked_or_bot_commits,
        max(value) FILTER (WHERE metric = 'bot_commits') AS bot_commits,
        max(value) FILTER (WHERE metric = 'commits_with_agent_trailer') AS commits_with_agent_trailer,
        bool_and(is_complete) FILTER (WHERE metric = 'commits') AS is_complete
    FROM figures
    GROUP BY framework, month
),

-- How many machines and masks there are among the authors.
kinds AS (
    SELECT
        framework,
        count(DISTINCT author_key) FILTER (WHERE is_author AND kind = 'bot') AS bots,
        count(DISTINCT author_key) FILTER (WHERE is_author AND kind = 'masked') AS masks
    FROM core.git_people
    GROUP BY framework
)

SELECT
    months.framework,
    months.month,
    months.commits,
    months.bot_commits / nullif(months.commits, 0) AS bot_share,
    (months.masked_or_bot_commits - months.bot_commits) / nullif(months.commits, 0) AS masked_share,
    months.commits_with_agent_trailer / nullif(months.commits, 0) AS agent_share_at_least,
    months.is_complete,
    kinds.bots,
    kinds.masks
FROM months
LEFT JOIN kinds USING (framework);

COMMENT ON VIEW machine_shares IS 'How much of the work machines, masked names and coding agents did. Grain: framework, month.';
COMMENT ON COLUMN machine_shares.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN machine_shares.month IS 'First day of the month, UTC.';
COMMENT ON COLUMN machine_shares.commits IS 'Commits of the default branch, merges excluded.';
COMMENT ON COLUMN machine_shares.bot_share IS 'Share of them, 0-1, by machines; NULL in a month without commits.';
COMMENT ON COLUMN machine_shares.masked_share IS 'Share of them, 0-1, by names that stand for many people, such as one for all authors at a company.';
COMMENT ON COLUMN machine_shares.agent_share_at_least IS 'Share of them, 0-1, that name a coding agent in a trailer by its address: a floor, since most tools leave none. A project that begins or ceases to ask for trailers changes it without any change of the work: such a month is a suspected break in measurement_breaks.';
COMMENT ON COLUMN machine_shares.is_complete IS 'The month is over and known whole.';
COMMENT ON COLUMN machine_shares.bots IS 'Machines among the authors of the whole history.';
COMMENT ON COLUMN machine_shares.masks IS 'Names among them that stand for many people.';
