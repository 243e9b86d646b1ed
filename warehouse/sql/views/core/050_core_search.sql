-- Search interest: every request is a sample with a scale of its own, its highest point being 100. All draws are brought
-- to the scale of the latest one and averaged; what they differ by is the uncertainty.

-- Draws of the 30 days before the latest one are what the estimate is made of: more would hardly narrow its band, and a
-- warehouse of many years would cost more every night. Of the time before, the last draw of each year is kept for the
-- weeks that no later draw reaches, because a request goes back for five years only.
-- The points of all other draws stay, because any past day may be asked about: after 1,825 nights they take 7 MB, and
-- leaving them out would spare 4 ms of the 40 that the points of the estimate take.
CREATE VIEW core.search_draws AS
WITH measured AS (
    SELECT answers.*, questions.question, questions.is_imported, questions.is_aside
    FROM core.current_answers AS answers
    INNER JOIN core.search_questions AS questions USING (answer_id)
    WHERE answers.row_type = 'search_points' AND answers.row_count > 0
    QUALIFY NOT answers.is_synthetic OR bool_and(answers.is_synthetic) OVER ()
),

-- A series is one question: draws of another place, span, match or category say nothing about this one. A file that
-- somebody imported and that answers another question than config.toml asks never decides which one that is.
asked AS (
    SELECT * FROM measured
    QUALIFY question = first_value(question) OVER (ORDER BY is_aside, recency DESC)
),

-- Requests of one moment for one group of terms are one draw, however many answers they came in; a file is one by itself.
draws AS (
    SELECT
        *,
        service || chr(31) || entity || chr(31) || CAST(collected_at AS VARCHAR)
            || CASE WHEN is_imported THEN chr(31) || answer_id ELSE '' END AS draw,
        collected_at > max(collected_at) OVER () - INTERVAL 30 DAY AS is_recent,
        max(collected_at) OVER (PARTITION BY entity, year(collected_at)) = collected_at AS is_kept
    FROM asked
)

SELECT answer_id, content_id, draw, recency, collected_at, last_whole_day, is_synthetic, is_recent
FROM draws
WHERE is_recent OR is_kept;
COMMENT ON VIEW core.search_draws IS 'The draws that the estimate is made of: those of the last 30 days, and the last of each year before. All of one question, that of the latest draw; synthetic ones only as long as there is no real one.';

CREATE VIEW core.search_points AS
SELECT
    draws.answer_id,
    draws.draw,
    max(draws.recency) OVER (PARTITION BY draws.draw) AS recency,
    draws.collected_at,
    draws.is_synthetic,
    draws.is_recent,
    points.term,
    points.bucket_start AS week_start,
    CASE WHEN points.is_below_one THEN 0.5 ELSE points.interest END AS interest
FROM raw.search_points AS points
INNER JOIN core.search_draws AS draws USING (content_id)
WHERE lower(points.resolution) IN ('week', 'weekly')
    AND points.has_data
    AND NOT points.is_partial
    AND points.bucket_start + 6 <= draws.last_whole_day
QUALIFY row_number() OVER (PARTITION BY draws.draw, term, week_start ORDER BY draws.recency DESC, interest DESC) = 1;
COMMENT ON VIEW core.search_points IS 'Weeks that were over, of those draws. "<1" counts as 0.5.';

CREATE VIEW core.search_scales AS
WITH points AS MATERIALIZED (FROM core.search_points),

-- The points of the latest draw, made small first: else every draw is met with every draw.
base AS MATERIALIZED (SELECT * FROM points QUALIFY draw = first_value(draw) OVER (ORDER BY recency DESC)),

direct AS MATERIALIZED (
    SELECT points.draw, max(points.recency) AS recency, sum(base.interest) / sum(points.interest) AS scale
    FROM points
    INNER JOIN base USING (term, week_start)
    GROUP BY points.draw
    HAVING sum(points.interest) > 0 AND sum(base.interest) > 0
),

far AS MATERIALIZED (SELECT * FROM points WHERE draw NOT IN (SELECT draw FROM direct)),

-- A draw that shares no week of a term with the latest one is linked through the draw with which it shares most: groups
-- of one night share a reference term, and a draw of years ago shares weeks with one between.
shared AS (
    SELECT
        far.draw,
        near.draw AS link,
        any_value(direct.scale) * sum(near.interest) / sum(far.interest) AS scale,
        count(*) AS weeks,
        any_value(direct.recency) AS recency
    FROM far
    INNER JOIN points AS near USING (term, week_start)
    INNER JOIN direct ON near.draw = direct.draw
    GROUP BY far.draw, near.draw
    HAVING sum(far.interest) > 0 AND sum(near.interest) > 0
),

scales AS (
    SELECT draw, scale FROM direct
    UNION ALL
    SELECT draw, arg_max(scale, (weeks, recency)) AS scale FROM shared GROUP BY draw
),

-- Several groups of one night: the scale is that of the group that holds the most searched term.
highest AS (
    SELECT max_by(scales.scale, (points.interest * scales.scale, points.recency)) AS scale
    FROM points
    INNER JOIN scales USING (draw)
    WHERE CAST(points.collected_at AS DATE) = (SELECT CAST(max(collected_at) AS DATE) FROM base)
)

SELECT scales.draw, scales.scale / highest.scale AS scale
FROM scales
CROSS JOIN highest;
COMMENT ON VIEW core.search_scales IS 'What to multiply a draw by: the ratio of sums over the weeks and terms that it shares with the latest draw.';

-- The spread of few draws says little about the spread of all, so the measured noise of repeated requests (4 % of the
-- value, data of six terms requested three times) counts as if it were that of five draws. Draws are added up in their
-- order: in another one the last digits would differ from one evaluation to the next.
CREATE VIEW core.search_weeks AS
WITH measured AS (
    SELECT
        frameworks.framework,
        any_value(frameworks.search_match) AS search_match,
        points.week_start,
        count(*) AS draws,
        avg(points.interest * scales.scale ORDER BY points.recency) AS interest,
        coalesce(var_samp(points.interest * scales.scale ORDER BY points.recency), 0) AS variance,
        min(scales.scale) AS scale,
        bool_or(points.is_synthetic) AS is_synthetic
    FROM (
        SELECT * FROM core.search_points
        QUALIFY is_recent OR recency = max(recency) OVER (PARTITION BY term, week_start)
    ) AS points
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
