-- All series that come by the day, except the history of commits, which has views of its own.

CREATE VIEW core.daily_by_source AS
FROM core.framework_downloads
UNION ALL BY NAME
SELECT
    framework,
    'search_interest' AS metric,
    CAST(unnest(range(CAST(week_start AS TIMESTAMP), week_start + INTERVAL 7 DAY, INTERVAL 1 DAY)) AS DATE) AS day,
    interest AS value,
    CASE WHEN is_synthetic THEN search_match || ', synthetic' ELSE search_match END AS basis,
    'google_trends' AS source,
    1 AS preference
FROM core.search_weeks
UNION ALL BY NAME
SELECT
    framework, 'stars' AS metric, day, CAST(stars_added AS DOUBLE) AS value,
    'stars added by users who still star' AS basis, 'github' AS source, 1 AS preference
FROM core.star_days
UNION ALL BY NAME
SELECT
    framework,
    unnest(['stars_total', 'forks']) AS metric,
    day,
    unnest([CAST(stars AS DOUBLE), CAST(forks AS DOUBLE)]) AS value,
    'total on the day' AS basis,
    'github' AS source,
    1 AS preference
FROM core.repository_totals;
COMMENT ON VIEW core.daily_by_source IS 'Every figure of a day, from every source and on every basis.';

CREATE VIEW core.daily AS
SELECT framework, metric, day, value, basis, source
FROM core.daily_by_source
QUALIFY row_number() OVER (PARTITION BY framework, metric, day ORDER BY preference, basis) = 1;
COMMENT ON VIEW core.daily IS 'The figure of the preferred source and basis of each day.';

CREATE VIEW core.git_bases AS
SELECT metric, basis
FROM (
    VALUES
    ('commits', 'default branch, merges excluded'),
    ('masked_or_bot_commits', 'default branch, merges excluded, identities that are no single person'),
    ('active_contributors', 'authors, merges excluded, all identities'),
    ('active_contributors_without_bots', 'authors, merges excluded, persons only'),
    ('new_contributors', 'first commit ever, all identities'),
    ('returning_contributors', 'authors, merges excluded, first commit earlier'),
    ('contributor_absence_factor', 'authors, merges excluded, persons only')
) AS known (metric, basis);
COMMENT ON VIEW core.git_bases IS 'What the metrics from the history of commits count.';
