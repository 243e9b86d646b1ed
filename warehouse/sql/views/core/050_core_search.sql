-- Search interest: every request is a sample with a scale of its own, its highest point being 100. All draws are brought
-- to the scale of the latest one and averaged; what they differ by is the uncertainty.

CREATE VIEW core.search_points AS
WITH points AS (
    SELECT
        answers.answer_id,
        answers.service || chr(31) || answers.entity || chr(31) || CAST(answers.collected_at AS VARCHAR) AS draw,
        answers.recency,
        answers.collected_at,
        answers.is_synthetic,
        points.term,
        points.bucket_start AS week_start,
        CASE WHEN points.is_below_one THEN 0.5 ELSE points.interest END AS interest
    FROM raw.search_points AS points
    INNER JOIN core.current_answers AS answers USING (content_id)
    WHERE answers.row_type = 'search_points'
        AND lower(points.resolution) IN ('week', 'weekly')
        AND points.has_data
        AND NOT points.is_partial
        AND points.bucket_start + 6 <= answers.last_whole_day
)

SELECT * EXCLUDE (recency), max(recency) OVER (PARTITION BY draw) AS recency
FROM points
WHERE NOT is_synthetic OR NOT EXISTS (SELECT 1 FROM points AS genuine WHERE NOT genuine.is_synthetic)
QUALIFY row_number() OVER (PARTITION BY draw, term, week_start ORDER BY points.recency DESC, interest DESC) = 1;
COMMENT ON VIEW core.search_points IS 'Weeks that were over, of all draws; synthetic ones only as long as there is no real one. "<1" counts as 0.5.';

-- A draw that shares no term with the latest one is linked through a draw that does: groups share a reference term.
CREATE VIEW core.search_scales AS
WITH points AS MATERIALIZED (FROM core.search_points),

latest AS (SELECT draw, recency, collected_at FROM points ORDER BY recency DESC LIMIT 1),

direct AS (
    SELECT points.draw, max(points.recency) AS recency, sum(base.interest) / sum(points.interest) AS scale
    FROM points
    INNER JOIN points AS base USING (term, week_start)
    WHERE base.draw = (SELECT draw FROM latest)
    GROUP BY points.draw
    HAVING sum(points.interest) > 0 AND sum(base.interest) > 0
),

terms_of AS (SELECT DISTINCT draw, term FROM points),

links AS (
    SELECT far.draw, arg_max(direct.draw, direct.recency) AS link
    FROM terms_of AS far
    INNER JOIN terms_of AS near USING (term)
    INNER JOIN direct ON near.draw = direct.draw
    WHERE far.draw NOT IN (SELECT draw FROM direct)
    GROUP BY far.draw
),

linked AS (
    SELECT points.draw, any_value(direct.scale) * sum(near.interest) / sum(points.interest) AS scale
    FROM links
    INNER JOIN points ON links.draw = points.draw
    INNER JOIN points AS near
        ON links.link = near.draw AND points.term = near.term AND points.week_start = near.week_start
    INNER JOIN direct ON links.link = direct.draw
    GROUP BY points.draw
    HAVING sum(points.interest) > 0 AND sum(near.interest) > 0
),

scales AS (
    SELECT draw, scale FROM direct
    UNION ALL
    SELECT draw, scale FROM linked
),

-- Several groups of one night: the scale is that of the group that holds the most searched term.
highest AS (
    SELECT max_by(scales.scale, (points.interest * scales.scale, points.recency)) AS scale
    FROM points
    INNER JOIN scales USING (draw)
    WHERE CAST(points.collected_at AS DATE) = (SELECT CAST(collected_at AS DATE) FROM latest)
)

SELECT scales.draw, scales.scale / highest.scale AS scale
FROM scales
CROSS JOIN highest;
COMMENT ON VIEW core.search_scales IS 'What to multiply a draw by: the ratio of sums over the weeks and terms that it shares with the latest draw.';

-- The spread of few draws says little about the spread of all, so the measured noise of repeated requests (4 % of the
-- value, data of six terms requested three times) counts as if it were that of five draws.
CREATE VIEW core.search_weeks AS
WITH measured AS (
    SELECT
        frameworks.framework,
        any_value(frameworks.search_match) AS search_match,
        points.week_start,
        count(*) AS draws,
        avg(points.interest * scales.scale) AS interest,
        coalesce(var_samp(points.interest * scales.scale), 0) AS variance,
        min(scales.scale) AS scale,
        bool_or(points.is_synthetic) AS is_synthetic
    FROM core.search_points AS points
    INNER JOIN core.search_scales AS scales USING (draw)
    INNER JOIN core.frameworks AS frameworks ON points.term = frameworks.search_query
    GROUP BY frameworks.framework, points.week_start
),

bounded AS (
    SELECT
        *,
        greatest(
            0.5,
            1.96 * sqrt((4 * (0.04 * interest) ** 2 + (draws - 1) * variance) / (3 + draws) / draws)
        ) AS margin
    FROM measured
)

SELECT
    framework,
    week_start,
    interest,
    greatest(interest - margin, 0) AS interest_low,
    interest + margin AS interest_high,
    draws,
    is_synthetic,
    search_match
FROM bounded;
COMMENT ON VIEW core.search_weeks IS 'Interest a week on one scale, with the 95 % band of its mean over the draws.';

CREATE VIEW core.search_days AS
SELECT
    framework,
    'search_interest' AS metric,
    CAST(unnest(range(CAST(week_start AS TIMESTAMP), week_start + INTERVAL 7 DAY, INTERVAL 1 DAY)) AS DATE) AS day,
    interest AS value,
    CASE WHEN is_synthetic THEN search_match || ', synthetic' ELSE search_match END AS basis,
    'google_trends' AS service,
    1 AS preference
FROM core.search_weeks;
COMMENT ON VIEW core.search_days IS 'Search interest by the day: that of the week, on each of its seven days.';
