-- Feature releases (no pre-release, no patch): the first day that any package of the framework carried the version.
SELECT framework, version, min(released_on) AS released_on
FROM releases
WHERE NOT is_prerelease
  AND regexp_matches(version, '^v?[0-9]+\.[0-9]+(\.0)*$')
  AND released_on BETWEEN $first_day AND $last_day
GROUP BY framework, version
ORDER BY framework, released_on, version
