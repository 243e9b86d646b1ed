-- Did a release move anything?
-- Stars a day in the four weeks before and after each feature release. Weeks, so that weekends weigh the same.
WITH feature_releases AS (
    SELECT framework, version, min(released_on) AS released_on
    FROM releases
    WHERE NOT is_prerelease AND NOT is_yanked AND regexp_matches(version, '^[0-9]+\.[0-9]+(\.0)?$')
    GROUP BY framework, version
)

SELECT
    released.framework,
    released.version,
    released.released_on,
    round(avg(days.value) FILTER (WHERE days.day < released.released_on), 1) AS stars_a_day_before,
    round(avg(days.value) FILTER (WHERE days.day >= released.released_on), 1) AS stars_a_day_after
FROM feature_releases AS released
INNER JOIN daily_metrics AS days
    ON released.framework = days.framework
    AND days.day >= released.released_on - 28
    AND days.day < released.released_on + 28
WHERE days.metric = 'stars'
GROUP BY released.framework, released.version, released.released_on
HAVING count(*) = 56
ORDER BY released.released_on DESC, released.framework;
