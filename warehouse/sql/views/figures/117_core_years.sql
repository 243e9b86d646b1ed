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

-- A break counts where it lies inside the two windows: on their first day everything is already counted the new way.
CREATE VIEW core.year_breaks AS
SELECT
    years.framework,
    years.metric,
    years.day,
    max_by(
        struct_pack(
            what := rtrim(breaks.what_changed, '.'), since := breaks.effective_on, is_suspected := breaks.is_suspected
        ),
        (NOT breaks.is_suspected, breaks.effective_on, breaks.what_changed)
    ) AS main_break,
    count(DISTINCT (breaks.effective_on, breaks.ends_on, breaks.what_changed, breaks.is_suspected)) AS breaks
FROM core.years AS years
INNER JOIN core.series_breaks AS breaks
    ON years.framework = breaks.framework
    AND years.metric = breaks.metric
    AND years.service = breaks.service
    AND breaks.effective_on <= years.day
    AND coalesce(breaks.ends_on + 1, breaks.effective_on) > years.previous_start
GROUP BY years.framework, years.metric, years.day;
COMMENT ON VIEW core.year_breaks IS 'The breaks that lie in the 12 months that end with a day or in the 12 before, and the one to name: known before suspected, then the latest.';
