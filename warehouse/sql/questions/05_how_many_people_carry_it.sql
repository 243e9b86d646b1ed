-- On how many people does each project rest?
-- Contributor absence factor (CHAOSS): the fewest persons who made half of the commits of 12 months. Year by year.
SELECT framework, day AS until, value AS persons, previous_value AS persons_before
FROM rolling_12_months
WHERE metric = 'contributor_absence_factor' AND month(day) = 12
ORDER BY framework, day;
