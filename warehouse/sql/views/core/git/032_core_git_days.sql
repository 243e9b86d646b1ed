-- The metrics of a history by the day. Each column of the last CTE is a metric of the catalogue.

CREATE VIEW core.git_days AS
WITH author_days AS MATERIALIZED (FROM core.author_days),

-- Days with a commit.
working_days AS (
    SELECT
        framework,
        day,
        sum(commits) AS commits,
        count(*) FILTER (WHERE commits > 0) AS active_contributors,
        count(*) FILTER (WHERE commits > 0 AND is_person) AS active_contributors_without_bots,
        count(*) FILTER (WHERE day = first_day) AS new_contributors,
        count(*) FILTER (WHERE day = first_work_day) AS new_contributors_without_merges,
        count(*) FILTER (WHERE commits > 0 AND day = first_day) AS newly_active_contributors,
        count(*) FILTER (WHERE commits > 0 AND day > first_day) AS returning_contributors,
        sum(commits) FILTER (WHERE NOT is_person) AS masked_or_bot_commits,
        sum(bot_commits) AS bot_commits,
        sum(agent_commits) AS commits_with_agent_trailer
    FROM author_days
    GROUP BY framework, day
),

-- Every day of the history: a day without a commit is a zero.
every_day AS (
    SELECT
        calendar.framework,
        calendar.day,
        CAST(coalesce(days.commits, 0) AS DOUBLE) AS commits,
        CAST(coalesce(days.active_contributors, 0) AS DOUBLE) AS active_contributors,
        CAST(coalesce(days.active_contributors_without_bots, 0) AS DOUBLE) AS active_contributors_without_bots,
        CAST(coalesce(days.new_contributors, 0) AS DOUBLE) AS new_contributors,
        CAST(coalesce(days.new_contributors_without_merges, 0) AS DOUBLE) AS new_contributors_without_merges,
        CAST(coalesce(days.newly_active_contributors, 0) AS DOUBLE) AS newly_active_contributors,
        CAST(coalesce(days.returning_contributors, 0) AS DOUBLE) AS returning_contributors,
        CAST(coalesce(days.masked_or_bot_commits, 0) AS DOUBLE) AS masked_or_bot_commits,
        CAST(coalesce(days.bot_commits, 0) AS DOUBLE) AS bot_commits,
        CAST(coalesce(days.commits_with_agent_trailer, 0) AS DOUBLE) AS commits_with_agent_trailer
    FROM core.git_calendar AS calendar
    LEFT JOIN working_days AS days ON calendar.framework = days.framework AND calendar.day = days.day
)

SELECT days.framework, days.metric, days.day, days.value, metrics.basis, 'git' AS service
FROM (UNPIVOT every_day ON COLUMNS(* EXCLUDE (framework, day)) INTO NAME metric VALUE value) AS days
INNER JOIN core.metrics AS metrics USING (metric);
COMMENT ON VIEW core.git_days IS 'Every day of a history, zeros included; a row for each metric.';
