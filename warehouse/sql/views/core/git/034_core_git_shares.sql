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

-- How many authors made the same number of commits: a few hundred rows a period, however many authors there are.
tallies AS (
    SELECT framework, months, last_month, is_person, commits, count(*) AS authors
    FROM author_periods
    GROUP BY framework, months, last_month, is_person, commits
),

-- The busiest first, persons among themselves: the authors and commits before these, what persons made, what all made.
ranked AS (
    SELECT
        framework,
        months,
        last_month,
        is_person,
        commits,
        authors,
        coalesce(sum(authors) OVER busier, 0) AS busier_authors,
        coalesce(sum(authors * commits) OVER busier, 0) AS busier_commits,
        sum(authors * commits) OVER (PARTITION BY framework, months, last_month, is_person) AS like_commits,
        sum(authors * commits) OVER (PARTITION BY framework, months, last_month) AS all_commits
    FROM tallies
    WINDOW busier AS (
        PARTITION BY framework, months, last_month, is_person
        ORDER BY commits DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
)

-- Half is reached among the authors of one tally: by as many of them as what is missing before them takes.
SELECT
    framework,
    months,
    last_month,
    last_day(last_month) AS last_day,
    CAST(
        min(busier_authors + ceil((like_commits - 2 * busier_commits) / (2 * commits))) FILTER (
            WHERE is_person AND 2 * busier_commits < like_commits AND 2 * (busier_commits + authors * commits) >= like_commits
        ) AS DOUBLE
    ) AS contributor_absence_factor,
    CAST(coalesce(sum(authors) FILTER (WHERE is_person AND commits > 0.05 * all_commits), 0) AS BIGINT) AS people_with_large_share
FROM ranked
GROUP BY framework, months, last_month;
COMMENT ON VIEW core.git_shares IS 'Contributor absence factor, and how many persons made over 5 % of all commits, of single months and of 12 months, named by their last month; periods without a commit have no row.';
