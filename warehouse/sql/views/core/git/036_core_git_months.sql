-- The metrics of a history by the month. Each column of the CTE every_month is a metric of the catalogue.

CREATE VIEW core.git_months AS
WITH author_days AS MATERIALIZED (FROM core.author_days),

-- What each author did in a month: people count once a month however often they commit.
author_months AS (
    SELECT
        framework,
        author_key,
        CAST(date_trunc('month', day) AS DATE) AS month,
        CAST(sum(commits) AS BIGINT) AS commits,
        sum(agent_commits) AS agent_commits,
        sum(bot_commits) AS bot_commits,
        min(first_day) AS first_day,
        min(first_work_day) AS first_work_day,
        bool_and(is_person) AS is_person
    FROM author_days
    GROUP BY framework, author_key, month
),

-- Months with a commit.
counts AS (
    SELECT
        framework,
        month,
        sum(commits) AS commits,
        count(*) FILTER (WHERE commits > 0) AS active_contributors,
        count(*) FILTER (WHERE commits > 0 AND is_person) AS active_contributors_without_bots,
        count(*) FILTER (WHERE first_day >= month) AS new_contributors,
        count(*) FILTER (WHERE commits > 0 AND first_work_day >= month) AS new_contributors_without_merges,
        count(*) FILTER (WHERE commits > 0 AND first_day >= month) AS newly_active_contributors,
        count(*) FILTER (WHERE commits > 0 AND first_day < month) AS returning_contributors,
        coalesce(sum(commits) FILTER (WHERE NOT is_person), 0) AS masked_or_bot_commits,
        sum(bot_commits) AS bot_commits,
        sum(agent_commits) AS commits_with_agent_trailer
    FROM author_months
    GROUP BY framework, month
),

-- The months of the history, from its first commit to the last day that was over when it was read.
spans AS (SELECT DISTINCT framework, last_day, month FROM core.git_calendar),

-- Every month of the history; a month without a commit is a zero, but has no absence factor.
every_month AS (
    SELECT
        spans.framework,
        months.month,
        CAST(least(months.month_end, spans.last_day) - months.month AS INTEGER) + 1 AS observed_days,
        CAST(coalesce(counts.commits, 0) AS DOUBLE) AS commits,
        CAST(coalesce(counts.active_contributors, 0) AS DOUBLE) AS active_contributors,
        CAST(coalesce(counts.active_contributors_without_bots, 0) AS DOUBLE) AS active_contributors_without_bots,
        CAST(coalesce(counts.new_contributors, 0) AS DOUBLE) AS new_contributors,
        CAST(coalesce(counts.new_contributors_without_merges, 0) AS DOUBLE) AS new_contributors_without_merges,
        CAST(coalesce(counts.newly_active_contributors, 0) AS DOUBLE) AS newly_active_contributors,
        CAST(coalesce(counts.returning_contributors, 0) AS DOUBLE) AS returning_contributors,
        CAST(coalesce(counts.masked_or_bot_commits, 0) AS DOUBLE) AS masked_or_bot_commits,
        CAST(coalesce(counts.bot_commits, 0) AS DOUBLE) AS bot_commits,
        CAST(coalesce(counts.commits_with_agent_trailer, 0) AS DOUBLE) AS commits_with_agent_trailer,
        CAST(coalesce(shares.people_with_large_share, 0) AS DOUBLE) AS people_with_large_share,
        shares.contributor_absence_factor
    FROM spans
    INNER JOIN core.months AS months USING (month)
    LEFT JOIN counts ON spans.framework = counts.framework AND months.month = counts.month
    LEFT JOIN core.git_shares AS shares
        ON spans.framework = shares.framework AND shares.months = 1 AND months.month = shares.last_month
)

SELECT months.framework, months.metric, months.month, months.value, months.observed_days, metrics.basis, 'git' AS service
FROM (
    UNPIVOT every_month ON COLUMNS(* EXCLUDE (framework, month, observed_days)) INTO NAME metric VALUE value
) AS months
INNER JOIN core.metrics AS metrics USING (metric);
COMMENT ON VIEW core.git_months IS 'Every month of a history; a row for each metric.';
