CREATE VIEW core.years AS
WITH git_years AS MATERIALIZED (FROM core.git_years),

-- Days of losses in the 12 months of a history, which has every day from its first month on; before it there was nothing.
git_losses AS (
    SELECT years.framework, years.metric, years.day, count(*) AS days
    FROM git_years AS years
    INNER JOIN core.lost_days AS lost
        ON years.framework = lost.framework
        AND years.metric = lost.metric
        AND years.service = lost.service
        AND lost.day BETWEEN greatest(years.window_start, CAST(date_trunc('month', years.same_since) AS DATE)) AND years.day
    GROUP BY years.framework, years.metric, years.day
)

-- Where days and windows both reach, the one that has the whole year, else that from days; too thin ones give no figure.
SELECT
    * EXCLUDE (preference)
    REPLACE (CASE WHEN is_seen_whole OR seen_days >= 0.95 * expected_days THEN value END AS value)
FROM (
    SELECT *, 1 AS preference FROM core.years_of_days
    UNION ALL BY NAME
    SELECT *, 2 AS preference FROM core.years_of_months
)
QUALIFY row_number() OVER (PARTITION BY framework, metric, day ORDER BY is_seen_whole DESC, preference) = 1
UNION ALL BY NAME
SELECT
    years.* REPLACE (
        CAST(years.day - greatest(years.window_start, CAST(date_trunc('month', years.same_since) AS DATE)) AS INTEGER) + 1
            - coalesce(losses.days, 0) AS observed_days
    ),
    years.observed_days AS seen_days,
    true AS is_seen_whole
FROM git_years AS years
LEFT JOIN git_losses AS losses USING (framework, metric, day);
COMMENT ON VIEW core.years IS 'The 12 months that end with a day, one row for each framework, metric and day; value is NULL where less than 95 % of the days have a figure. observed_days are those without losses; seen_days and is_seen_whole count days of losses too.';
