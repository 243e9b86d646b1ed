CREATE VIEW core.years AS
-- Where days and windows both reach, the one that has the whole year, else that from days; too thin ones give no figure.
SELECT
    * EXCLUDE (preference)
    REPLACE (CASE WHEN observed_days >= 0.95 * expected_days THEN value END AS value)
FROM (
    SELECT *, 1 AS preference FROM core.years_of_days
    UNION ALL BY NAME
    SELECT *, 2 AS preference FROM core.years_of_months
)
QUALIFY row_number() OVER (
    PARTITION BY framework, metric, day ORDER BY observed_days = expected_days DESC, preference
) = 1
UNION ALL BY NAME
FROM core.git_years;
COMMENT ON VIEW core.years IS 'The 12 months that end with a day, one row for each framework, metric and day; value is NULL where less than 95 % of the days were observed.';
