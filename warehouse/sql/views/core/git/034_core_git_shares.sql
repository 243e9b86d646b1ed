-- What share of the commits single persons made. Contributor absence factor, by CHAOSS: the fewest persons who made at
-- least half of the commits that persons made. Machines and masked identities are no persons, merges no commits.

CREATE VIEW core.git_shares AS
-- Commits of each author in each month. Authors get a number here, because numbers are grouped faster than keys.
WITH author_months AS (
    SELECT
        framework,
        dense_rank() OVER (ORDER BY framework, author_key) AS author,
        is_person,
        CAST(date_trunc('month', day) AS DATE) AS month,
        sum(commits) AS commits
    FROM core.author_days
    WHERE commits > 0
    GROUP BY framework, author_key, is_person, month
),

-- A month's commits count in the period of one month that it is, and in the twelve periods of 12 months that hold it.
reached AS (
    SELECT
        author_months.framework,
        author_months.author,
        author_months.is_person,
        author_months.commits,
        lengths.months,
        CAST(unnest(range(
            CAST(author_months.month AS TIMESTAMP), author_months.month + to_months(lengths.months), INTERVAL 1 MONTH
        )) AS DATE) AS last_month
    FROM author_months
    CROSS JOIN (VALUES (1), (12)) AS lengths (months)
),

author_periods AS (
    SELECT framework, months, last_month, author, is_person, sum(commits) AS commits
    FROM reached
    GROUP BY framework, months, last_month, author, is_person
),

-- The busiest first, persons among themselves: how many there are so far, whether they made half of the persons' commits,
-- and what all authors made.
ranked AS (
    SELECT
        framework,
        months,
        last_month,
        is_person,
        commits,
        sum(commits) OVER (PARTITION BY framework, months, last_month) AS all_commits,
        row_number() OVER busiest AS people,
        sum(commits) OVER busiest * 2 >= sum(commits) OVER (PARTITION BY framework, months, last_month, is_person) AS is_half
    FROM author_periods
    WINDOW busiest AS (
        PARTITION BY framework, months, last_month, is_person
        ORDER BY commits DESC, author ROWS UNBOUNDED PRECEDING
    )
)

SELECT
    framework,
    months,
    last_month,
    last_day(last_month) AS last_day,
    CAST(min(people) FILTER (WHERE is_person AND is_half) AS DOUBLE) AS contributor_absence_factor,
    count(*) FILTER (WHERE is_person AND commits > 0.05 * all_commits) AS people_with_large_share
FROM ranked
GROUP BY framework, months, last_month;
COMMENT ON VIEW core.git_shares IS 'Contributor absence factor, and how many persons made over 5 % of all commits, of single months and of 12 months, named by their last month; periods without a commit have no row.';
