-- What brings all draws to one scale. A draw is linked with the latest of its family, which has the same terms; the latest
-- ones of the families are linked with each other wherever they share a term, and the surest way leads from each to the
-- scale of the frameworks together: for a small term that is a chain of requests whose terms are each near in size.
CREATE VIEW core.search_scales AS
WITH RECURSIVE points AS MATERIALIZED (FROM core.search_points),

-- The latest draw of each family that has any figure.
latest AS MATERIALIZED (
    SELECT arg_max(draw, recency) AS draw, min(role) AS role, max(recency) AS recency
    FROM points
    WHERE interest > 0
    GROUP BY family
),

-- The draw that all others are brought to.
base AS MATERIALIZED (SELECT arg_max(draw, (role = '', recency)) AS draw FROM latest),

-- Made small first: else every draw is met with every draw.
leads AS MATERIALIZED (SELECT points.* FROM points INNER JOIN latest USING (draw)),

-- Figures of the same week and term in two draws, each side a row.
sides AS (
    SELECT
        points.draw,
        leads.draw AS lead,
        points.family = leads.family AS is_own,
        unnest([points.interest, leads.interest]) AS interest,
        unnest([points.variance, leads.variance]) AS variance,
        unnest([true, false]) AS is_draw
    FROM points
    INNER JOIN leads USING (term, week_start)
    WHERE points.draw <> leads.draw
        AND (points.family = leads.family OR points.draw IN (SELECT draw FROM latest))
),

-- What a sum may be wrong by, relative and squared: by the noise of each figure and its rounding, which average out over
-- many; and by what is left of rounding where all are about the same. A side whose mean is below 1 tells nothing.
sums AS (
    SELECT
        draw,
        lead,
        is_draw,
        any_value(is_own) AS is_own,
        sum(interest) AS interest,
        sum(variance) / sum(interest) ** 2 AS chance,
        exp(-39.48 * var_pop(interest)) / 12 / avg(interest) ** 2 AS rounding
    FROM sides
    GROUP BY draw, lead, is_draw
    HAVING avg(interest) >= 1
),

links AS MATERIALIZED (
    SELECT
        ours.draw,
        ours.lead,
        ours.is_own,
        theirs.interest / ours.interest AS scale,
        ours.chance + theirs.chance + ours.rounding + theirs.rounding AS doubt
    FROM sums AS ours
    INNER JOIN sums AS theirs ON ours.draw = theirs.draw AND ours.lead = theirs.lead
    WHERE ours.is_draw AND NOT theirs.is_draw
),

-- From the base to each of the latest draws, the surest way: what each link may be wrong by is added up.
ways (draw, scale, doubt) USING KEY (draw) AS (
    SELECT draw, 1.0::DOUBLE, 0.0::DOUBLE FROM base
    UNION
    SELECT draw, scale, doubt
    FROM (
        SELECT
            links.draw,
            ways.scale * links.scale AS scale,
            ways.doubt + links.doubt AS doubt,
            row_number() OVER (PARTITION BY links.draw ORDER BY ways.doubt + links.doubt, links.lead) AS place
        FROM ways
        INNER JOIN links ON ways.draw = links.lead
        LEFT JOIN recurring.ways AS known ON links.draw = known.draw
        WHERE NOT links.is_own
            AND (known.draw IS NULL OR ways.doubt + links.doubt < known.doubt * 0.999999)
    ) AS offered
    WHERE place = 1
),

scales AS MATERIALIZED (
    SELECT draw, scale, 0.0::DOUBLE AS chance, doubt FROM ways
    UNION ALL
    SELECT links.draw, links.scale * ways.scale, links.doubt, ways.doubt
    FROM links
    INNER JOIN ways ON links.lead = ways.draw
    WHERE links.is_own
),

-- Several groups of one night: the scale is that of the group that holds the most searched term.
highest AS (
    SELECT max_by(scales.scale, (leads.interest * scales.scale, leads.recency)) AS scale
    FROM leads
    INNER JOIN scales USING (draw)
    WHERE leads.role = ''
        AND CAST(leads.collected_at AS DATE) = (
            SELECT CAST(max(leads.collected_at) AS DATE) FROM leads INNER JOIN base USING (draw)
        )
)

SELECT scales.draw, scales.scale / highest.scale AS scale, scales.chance, scales.doubt
FROM scales
CROSS JOIN highest;
COMMENT ON VIEW core.search_scales IS 'What to multiply a draw by: the ratio of sums over the weeks and terms that it shares with others, and what that may be wrong by (variance, relative): chance, another for each draw; and doubt, the same for all of its family, added up over the links between. A draw that nothing links is not there.';
