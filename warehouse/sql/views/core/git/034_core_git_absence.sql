-- Contributor absence factor, by CHAOSS: the fewest persons who made at least half of the commits that persons made.

CREATE VIEW core.git_absence AS
-- Commits of each person in each month; machines and masked identities are no persons, merges no commits. Persons get
-- a number here, because numbers are grouped faster than keys.
WITH person_months AS (
    SELECT
        framework,
        dense_rank() OVER (ORDER BY framework, author_key) AS person,
        CAST(date_trunc('month', day) AS DATE) AS month,
        sum(commits) AS commits
    FROM core.author_days
    WHERE commits > 0 AND is_person
    GROUP BY framework, author_key, month
),

-- A month's commits count in the period of one month that it is, and in the twelve periods of 12 months that hold it.
reached AS (
    SELECT
        person_months.framework,
        person_months.person,
        person_months.commits,
        lengths.months,
        CAST(unnest(range(
            CAST(person_months.month AS TIMESTAMP), person_months.month + to_months(lengths.months), INTERVAL 1 MONTH
        )) AS DATE) AS last_month
    FROM person_months
    CROSS JOIN (VALUES (1), (12)) AS lengths (months)
),

person_periods AS (
    SELECT framework, months, last_month, person, sum(commits) AS commits
    FROM reached
    GROUP BY framework, months, last_month, person
),

-- The busiest first: how many persons there are so far, and whether they made half of the commits.
ranked AS (
    SELECT
        framework,
        months,
        last_month,
        row_number() OVER busiest AS people,
        sum(commits) OVER busiest * 2 >= sum(commits) OVER (PARTITION BY framework, months, last_month) AS is_half
    FROM person_periods
    WINDOW busiest AS (
        PARTITION BY framework, months, last_month ORDER BY commits DESC, person ROWS UNBOUNDED PRECEDING
    )
)

SELECT
    framework,
    months,
    last_month,
    last_day(last_month) AS last_day,
    CAST(min(people) FILTER (WHERE is_half) AS DOUBLE) AS contributor_absence_factor
FROM ranked
GROUP BY framework, months, last_month;
COMMENT ON VIEW core.git_absence IS 'Contributor absence factor of single months and of 12 months, named by their last month; periods without a commit have no row.';
