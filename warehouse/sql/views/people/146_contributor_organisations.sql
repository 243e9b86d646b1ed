CREATE VIEW contributor_organisations AS
-- Authors who are persons; who wrote from addresses of two organisations counts for both.
WITH authors AS (
    SELECT DISTINCT framework, person_key, organisation
    FROM core.git_people
    WHERE is_author AND kind = 'person'
),

totals AS (
    SELECT framework, count(DISTINCT person_key) AS people FROM authors GROUP BY framework
)

SELECT
    authors.framework,
    authors.organisation,
    count(DISTINCT authors.person_key) AS people,
    count(DISTINCT authors.person_key) / totals.people AS share
FROM authors
INNER JOIN totals USING (framework)
WHERE authors.organisation <> ''
GROUP BY authors.framework, authors.organisation, totals.people
UNION ALL BY NAME
SELECT
    totals.framework, 'unknown' AS organisation, totals.people - coalesce(known.people, 0) AS people,
    1 - coalesce(known.people, 0) / totals.people AS share
FROM totals
LEFT JOIN (
    SELECT framework, count(DISTINCT person_key) AS people FROM authors WHERE organisation <> '' GROUP BY framework
) AS known USING (framework);

COMMENT ON VIEW contributor_organisations IS 'For whom authors work, only where their address says so; most write from addresses that do not. Grain: framework, organisation.';
COMMENT ON COLUMN contributor_organisations.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN contributor_organisations.organisation IS 'Domain of addresses that five people or more share, providers of mail left out; unknown: no address of the person names one.';
COMMENT ON COLUMN contributor_organisations.people IS 'Authors ever, machines and shared names left out. Who wrote from two organisations counts in both.';
COMMENT ON COLUMN contributor_organisations.share IS 'Share of all such authors, 0-1, those unknown among them.';
