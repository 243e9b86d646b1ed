-- Commits of the default branch and the people behind them. Days are those of the committer, UTC: a window on author
-- time would keep changing, because commits may lie for years before they are merged.

CREATE VIEW core.git_coverage AS
SELECT frameworks.framework, CAST(max(answers.collected_at) AS DATE) - 1 AS last_day
FROM core.answers AS answers
INNER JOIN core.frameworks AS frameworks ON answers.entity = frameworks.repository
WHERE answers.source = 'git'
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

CREATE VIEW core.git_daily AS
WITH days AS (
    SELECT
        framework,
        day,
        sum(commits) AS commits,
        count(*) FILTER (WHERE commits > 0) AS active_contributors,
        count(*) FILTER (WHERE commits > 0 AND is_person) AS active_contributors_without_bots,
        count(*) FILTER (WHERE day = first_day) AS new_contributors,
        count(*) FILTER (WHERE commits > 0 AND day > first_day) AS returning_contributors,
        sum(commits) FILTER (WHERE NOT is_person) AS masked_or_bot_commits
    FROM core.author_days
    GROUP BY framework, day
),

starts AS (SELECT framework, min(day) AS first_day FROM days GROUP BY framework)

SELECT
    starts.framework,
    calendar.day,
    starts.first_day,
    CAST(coalesce(days.commits, 0) AS BIGINT) AS commits,
    coalesce(days.active_contributors, 0) AS active_contributors,
    coalesce(days.active_contributors_without_bots, 0) AS active_contributors_without_bots,
    coalesce(days.new_contributors, 0) AS new_contributors,
    coalesce(days.returning_contributors, 0) AS returning_contributors,
    CAST(coalesce(days.masked_or_bot_commits, 0) AS BIGINT) AS masked_or_bot_commits
FROM starts
INNER JOIN core.git_coverage AS coverage USING (framework)
INNER JOIN core.calendar AS calendar ON calendar.day BETWEEN starts.first_day AND coverage.last_day
LEFT JOIN days ON starts.framework = days.framework AND calendar.day = days.day;
COMMENT ON VIEW core.git_daily IS 'Every day of a history, zeros included.';

CREATE VIEW core.git_monthly AS
WITH author_days AS MATERIALIZED (FROM core.author_days),

author_months AS MATERIALIZED (
    SELECT
        framework,
        author_key,
        CAST(date_trunc('month', day) AS DATE) AS month,
        CAST(sum(commits) AS BIGINT) AS commits,
        min(first_day) AS first_day,
        bool_and(is_person) AS is_person
    FROM author_days
    GROUP BY framework, author_key, month
),

counts AS (
    SELECT
        framework,
        month,
        sum(commits) AS commits,
        count(*) FILTER (WHERE commits > 0) AS active_contributors,
        count(*) FILTER (WHERE commits > 0 AND is_person) AS active_contributors_without_bots,
        count(*) FILTER (WHERE first_day >= month) AS new_contributors,
        count(*) FILTER (WHERE commits > 0 AND first_day < month) AS returning_contributors,
        coalesce(sum(commits) FILTER (WHERE NOT is_person), 0) AS masked_or_bot_commits
    FROM author_months
    GROUP BY framework, month
),

ranked AS (
    SELECT
        framework,
        month,
        row_number() OVER busiest AS people,
        sum(commits) OVER busiest * 2 >= sum(commits) OVER (PARTITION BY framework, month) AS is_half
    FROM author_months
    WHERE commits > 0 AND is_person
    WINDOW busiest AS (
        PARTITION BY framework, month ORDER BY commits DESC, author_key ROWS UNBOUNDED PRECEDING
    )
),

absence AS (
    SELECT framework, month, min(people) FILTER (WHERE is_half) AS contributor_absence_factor
    FROM ranked
    GROUP BY framework, month
),

spans AS (
    SELECT author_days.framework, CAST(date_trunc('month', min(day)) AS DATE) AS first_month, coverage.last_day
    FROM author_days
    INNER JOIN core.git_coverage AS coverage USING (framework)
    GROUP BY author_days.framework, coverage.last_day
)

SELECT
    spans.framework,
    months.month,
    CAST(least(months.month_end, spans.last_day) - months.month AS INTEGER) + 1 AS observed_days,
    CAST(coalesce(counts.commits, 0) AS DOUBLE) AS commits,
    CAST(coalesce(counts.active_contributors, 0) AS DOUBLE) AS active_contributors,
    CAST(coalesce(counts.active_contributors_without_bots, 0) AS DOUBLE) AS active_contributors_without_bots,
    CAST(coalesce(counts.new_contributors, 0) AS DOUBLE) AS new_contributors,
    CAST(coalesce(counts.returning_contributors, 0) AS DOUBLE) AS returning_contributors,
    CAST(coalesce(counts.masked_or_bot_commits, 0) AS DOUBLE) AS masked_or_bot_commits,
    CAST(absence.contributor_absence_factor AS DOUBLE) AS contributor_absence_factor
FROM spans
INNER JOIN core.months AS months ON months.month BETWEEN spans.first_month AND spans.last_day
LEFT JOIN counts ON spans.framework = counts.framework AND months.month = counts.month
LEFT JOIN absence ON spans.framework = absence.framework AND months.month = absence.month;
COMMENT ON VIEW core.git_monthly IS 'Every month of a history. Contributor absence factor: the fewest persons who made at least half of the commits that persons made, NULL without any.';

-- Distinct authors of 12 months, without a join of each day with the year before it: an author counts from a day of
-- work until 12 months after the last one, so only the ends of these stretches are added up, day by day.
CREATE VIEW core.git_rolling AS
WITH author_days AS MATERIALIZED (FROM core.author_days),

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

newcomers AS (
    SELECT framework, min(day) AS joins_on, CAST(min(first_day) + INTERVAL 12 MONTH AS DATE) AS new_until
    FROM author_days
    WHERE commits > 0
    GROUP BY framework, author_key
    HAVING joins_on < new_until
),

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

daily AS (
    SELECT
        framework,
        day,
        sum(commits) AS commits,
        count(*) FILTER (WHERE day = first_day) AS new_contributors,
        coalesce(sum(commits) FILTER (WHERE NOT is_person), 0) AS masked_or_bot_commits
    FROM author_days
    GROUP BY framework, day
),

spans AS (
    SELECT daily.framework, min(daily.day) AS first_day, coverage.last_day
    FROM daily
    INNER JOIN core.git_coverage AS coverage USING (framework)
    GROUP BY daily.framework, coverage.last_day
),

spine AS (
    SELECT
        spans.framework,
        spans.first_day,
        calendar.day,
        calendar.window_start,
        calendar.previous_start,
        calendar.window_days,
        coalesce(daily.commits, 0) AS commits,
        coalesce(daily.new_contributors, 0) AS new_contributors,
        coalesce(daily.masked_or_bot_commits, 0) AS masked_or_bot_commits,
        coalesce(day_steps.step, 0) AS step,
        coalesce(day_steps.person_step, 0) AS person_step,
        coalesce(day_steps.newcomer_step, 0) AS newcomer_step
    FROM spans
    INNER JOIN core.calendar AS calendar ON calendar.day BETWEEN spans.first_day AND spans.last_day
    LEFT JOIN daily ON spans.framework = daily.framework AND calendar.day = daily.day
    LEFT JOIN day_steps ON spans.framework = day_steps.framework AND calendar.day = day_steps.day
),

ends AS (
    SELECT coverage.framework, calendar.day, calendar.month
    FROM core.git_coverage AS coverage
    INNER JOIN core.calendar AS calendar ON calendar.is_month_end AND calendar.day <= coverage.last_day
),

author_months AS (
    SELECT framework, author_key, CAST(date_trunc('month', day) AS DATE) AS month, sum(commits) AS commits
    FROM author_days
    WHERE commits > 0 AND is_person
    GROUP BY framework, author_key, month
),

reaching AS (
    SELECT
        framework,
        author_key,
        commits,
        CAST(unnest(range(CAST(month AS TIMESTAMP), month + INTERVAL 12 MONTH, INTERVAL 1 MONTH)) AS DATE) AS month
    FROM author_months
),

author_years AS (
    SELECT ends.framework, ends.day, reaching.author_key, sum(reaching.commits) AS commits
    FROM reaching
    INNER JOIN ends USING (framework, month)
    GROUP BY ends.framework, ends.day, reaching.author_key
),

ranked AS (
    SELECT
        framework,
        day,
        row_number() OVER busiest AS people,
        sum(commits) OVER busiest * 2 >= sum(commits) OVER (PARTITION BY framework, day) AS is_half
    FROM author_years
    WINDOW busiest AS (PARTITION BY framework, day ORDER BY commits DESC, author_key ROWS UNBOUNDED PRECEDING)
),

absence AS (
    SELECT framework, day, CAST(min(people) FILTER (WHERE is_half) AS DOUBLE) AS contributor_absence_factor
    FROM ranked
    GROUP BY framework, day
),

totals AS (
    SELECT
        framework,
        first_day,
        day,
        window_start,
        previous_start,
        window_days,
        CAST(sum(commits) OVER twelve_months AS DOUBLE) AS commits,
        CAST(sum(step) OVER so_far AS DOUBLE) AS active_contributors,
        CAST(sum(person_step) OVER so_far AS DOUBLE) AS active_contributors_without_bots,
        CAST(sum(new_contributors) OVER twelve_months AS DOUBLE) AS new_contributors,
        CAST(sum(step - newcomer_step) OVER so_far AS DOUBLE) AS returning_contributors,
        CAST(sum(masked_or_bot_commits) OVER twelve_months AS DOUBLE) AS masked_or_bot_commits
    FROM spine
    WINDOW
        so_far AS (PARTITION BY framework ORDER BY day ROWS UNBOUNDED PRECEDING),
        twelve_months AS (
            PARTITION BY framework ORDER BY day
            RANGE BETWEEN to_days(CAST(day - window_start AS INTEGER)) PRECEDING AND CURRENT ROW
        )
)

SELECT totals.*, absence.contributor_absence_factor
FROM totals
LEFT JOIN absence ON totals.framework = absence.framework AND totals.day = absence.day;
COMMENT ON VIEW core.git_rolling IS 'The 12 calendar months that end with each day of a history; the contributor absence factor at month ends only.';
