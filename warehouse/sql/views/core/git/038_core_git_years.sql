-- The metrics of a history over the 12 months that end with a day. Each column of the CTE every_day is a metric of the
-- catalogue. Distinct authors are counted without a join of each day with the year before it: an author counts from a
-- day of work until 12 months after the last one, so only the ends of these stretches are added up, day by day.

CREATE VIEW core.git_years AS
WITH author_days AS MATERIALIZED (FROM core.author_days),

-- Days on which an author did work that counts, and how long each keeps the author among the active.
working_days AS (
    SELECT
        framework,
        is_person,
        day,
        CAST(day + INTERVAL 12 MONTH AS DATE) AS counts_until,
        lag(counts_until) OVER work AS earlier_until,
        lead(day) OVER work AS next_day
    FROM author_days
    WHERE commits > 0
    WINDOW work AS (PARTITION BY framework, author_key ORDER BY day)
),

-- From when to when an active author is no returning one: 12 months from the first commit ever, merges included.
newcomers AS (
    SELECT framework, min(day) AS joins_on, CAST(min(first_day) + INTERVAL 12 MONTH AS DATE) AS new_until
    FROM author_days
    WHERE commits > 0
    GROUP BY framework, author_key
    HAVING joins_on < new_until
),

-- Where a stretch begins the number of people goes up by one, where it ends down by one.
steps AS (
    SELECT framework, day, 1 AS step, CAST(is_person AS INTEGER) AS person_step, 0 AS newcomer_step FROM working_days
    WHERE earlier_until IS NULL OR earlier_until < day
    UNION ALL
    SELECT framework, counts_until, -1, -CAST(is_person AS INTEGER), 0 FROM working_days
    WHERE next_day IS NULL OR next_day > counts_until
    UNION ALL
    SELECT framework, joins_on, 0, 0, 1 FROM newcomers
    UNION ALL
    SELECT framework, new_until, 0, 0, -1 FROM newcomers
),

day_steps AS (
    SELECT framework, day, sum(step) AS step, sum(person_step) AS person_step, sum(newcomer_step) AS newcomer_step
    FROM steps
    GROUP BY framework, day
),

-- What adds up from day to day.
counts AS (
    SELECT
        framework,
        day,
        sum(commits) AS commits,
        count(*) FILTER (WHERE day = first_day) AS new_contributors,
        count(*) FILTER (WHERE day = first_work_day) AS new_contributors_without_merges,
        coalesce(sum(commits) FILTER (WHERE NOT is_person), 0) AS masked_or_bot_commits,
        sum(bot_commits) AS bot_commits,
        sum(agent_commits) AS agent_commits
    FROM author_days
    GROUP BY framework, day
),

-- Every day of the history with its counts and steps, zeros included.
spine AS (
    SELECT
        calendar.framework,
        calendar.first_day,
        calendar.day,
        calendar.window_start,
        calendar.previous_start,
        calendar.window_days,
        coalesce(counts.commits, 0) AS commits,
        coalesce(counts.new_contributors, 0) AS new_contributors,
        coalesce(counts.new_contributors_without_merges, 0) AS new_contributors_without_merges,
        coalesce(counts.masked_or_bot_commits, 0) AS masked_or_bot_commits,
        coalesce(counts.bot_commits, 0) AS bot_commits,
        coalesce(counts.agent_commits, 0) AS agent_commits,
        coalesce(day_steps.step, 0) AS step,
        coalesce(day_steps.person_step, 0) AS person_step,
        coalesce(day_steps.newcomer_step, 0) AS newcomer_step
    FROM core.git_calendar AS calendar
    LEFT JOIN counts ON calendar.framework = counts.framework AND calendar.day = counts.day
    LEFT JOIN day_steps ON calendar.framework = day_steps.framework AND calendar.day = day_steps.day
),

-- Shares of single people are known at month ends only.
every_day AS (
    SELECT
        spine.framework,
        spine.first_day,
        spine.day,
        spine.window_start,
        spine.previous_start,
        spine.window_days,
        CAST(sum(spine.commits) OVER twelve_months AS DOUBLE) AS commits,
        CAST(sum(spine.step) OVER so_far AS DOUBLE) AS active_contributors,
        CAST(sum(spine.person_step) OVER so_far AS DOUBLE) AS active_contributors_without_bots,
        CAST(sum(spine.new_contributors) OVER twelve_months AS DOUBLE) AS new_contributors,
        CAST(sum(spine.new_contributors_without_merges) OVER twelve_months AS DOUBLE) AS new_contributors_without_merges,
        CAST(sum(spine.newcomer_step) OVER so_far AS DOUBLE) AS newly_active_contributors,
        CAST(sum(spine.step - spine.newcomer_step) OVER so_far AS DOUBLE) AS returning_contributors,
        CAST(sum(spine.masked_or_bot_commits) OVER twelve_months AS DOUBLE) AS masked_or_bot_commits,
        CAST(sum(spine.bot_commits) OVER twelve_months AS DOUBLE) AS bot_commits,
        CAST(sum(spine.agent_commits) OVER twelve_months AS DOUBLE) AS commits_with_agent_trailer,
        CAST(shares.people_with_large_share AS DOUBLE) AS people_with_large_share,
        shares.contributor_absence_factor
    FROM spine
    LEFT JOIN core.git_shares AS shares
        ON spine.framework = shares.framework AND shares.months = 12 AND spine.day = shares.last_day
    WINDOW
        so_far AS (PARTITION BY spine.framework ORDER BY spine.day ROWS UNBOUNDED PRECEDING),
        twelve_months AS (
            PARTITION BY spine.framework ORDER BY spine.day
            RANGE BETWEEN to_days(CAST(spine.day - spine.window_start AS INTEGER)) PRECEDING AND CURRENT ROW
        )
)

SELECT
    years.framework, years.metric, years.day, years.window_start, years.previous_start, years.value,
    years.window_days AS observed_days, years.window_days AS expected_days, years.first_day AS same_since,
    metrics.basis, 'git' AS service
FROM (
    UNPIVOT every_day
    ON COLUMNS(* EXCLUDE (framework, first_day, day, window_start, previous_start, window_days))
    INTO NAME metric VALUE value
) AS years
INNER JOIN core.metrics AS metrics USING (metric);
COMMENT ON VIEW core.git_years IS 'The 12 calendar months that end with each day of a history; contributor_absence_factor and people_with_large_share at month ends only. A row for each metric.';
