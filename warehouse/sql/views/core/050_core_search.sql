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

-- The points of the latest draw with any figure, made small first: else every draw is met with every draw.
base AS MATERIALIZED (
    SELECT * FROM points
    WHERE draw = (SELECT arg_max(draw, recency) FROM points WHERE interest > 0)
),

-- What two draws have in common, and what their ratio may be wrong by, relative and squared: by the noise of each figure
-- and its rounding, which average out over many; and by what is left of rounding where all are about the same.
direct AS MATERIALIZED (
    SELECT
        points.draw,
        max(points.recency) AS recency,
        sum(base.interest) / sum(points.interest) AS scale,
        CASE WHEN points.draw = any_value(base.draw) THEN 0 ELSE
            sum((0.04 * base.interest) ** 2 + 1 / 12.0) / sum(base.interest) ** 2
            + sum((0.04 * points.interest) ** 2 + 1 / 12.0) / sum(points.interest) ** 2
        END AS chance,
        CASE WHEN points.draw = any_value(base.draw) THEN 0 ELSE
            exp(-39.48 * var_pop(base.interest)) / 12 / avg(base.interest) ** 2
            + exp(-39.48 * var_pop(points.interest)) / 12 / avg(points.interest) ** 2
        END AS rounding
    FROM points
    INNER JOIN base USING (term, week_start)
    GROUP BY points.draw
    HAVING sum(points.interest) > 0 AND sum(base.interest) > 0
),

far AS MATERIALIZED (SELECT * FROM points WHERE draw NOT IN (SELECT draw FROM direct)),

-- A draw that shares no week of a term with the latest one is linked through another that does: groups of one night share
-- a reference term, and a draw of years ago shares weeks with one between.
shared AS (
    SELECT
        far.draw,
        near.draw AS link,
        any_value(direct.scale) * sum(near.interest) / sum(far.interest) AS scale,
        any_value(direct.chance)
        + sum((0.04 * near.interest) ** 2 + 1 / 12.0) / sum(near.interest) ** 2
        + sum((0.04 * far.interest) ** 2 + 1 / 12.0) / sum(far.interest) ** 2 AS chance,
        any_value(direct.rounding)
        + exp(-39.48 * var_pop(near.interest)) / 12 / avg(near.interest) ** 2
        + exp(-39.48 * var_pop(far.interest)) / 12 / avg(far.interest) ** 2 AS rounding,
        any_value(direct.recency) AS recency
    FROM far
    INNER JOIN points AS near USING (term, week_start)
    INNER JOIN direct ON near.draw = direct.draw
    GROUP BY far.draw, near.draw
    HAVING sum(far.interest) > 0 AND sum(near.interest) > 0
),

-- Of several links the one that tells most.
scales AS (
    SELECT draw, scale, chance, rounding FROM direct
    UNION ALL
    (
        SELECT draw, scale, chance, rounding FROM shared
        QUALIFY row_number() OVER (PARTITION BY draw ORDER BY chance + rounding, recency DESC) = 1
    )
),

-- Several groups of one night: the scale is that of the group that holds the most searched term.
highest AS (
    SELECT max_by(scales.scale, (points.interest * scales.scale, points.recency)) AS scale
    FROM points
    INNER JOIN scales USING (draw)
    WHERE CAST(points.collected_at AS DATE) = (SELECT CAST(max(collected_at) AS DATE) FROM base)
)

SELECT scales.draw, scales.scale / highest.scale AS scale, scales.chance, scales.rounding
FROM scales
CROSS JOIN highest;
COMMENT ON VIEW core.search_scales IS 'What to multiply a draw by: the ratio of sums over the weeks and terms that it shares with the latest draw, and the variance of that ratio, relative: by chance, and what rounding adds that no number of draws takes away.';

-- A figure v is anything from v - 1/2 to v + 1/2 on the scale of its draw, and a sample besides. The noise of the sample is
-- 4 % of the value (measured on six terms, each requested three times; that counts as if it were of five draws) and what
-- the draws of a term differ by over all its weeks. How far the draws of the week itself lie apart counts too, or a week
-- that jumps would look as sure as the others. Draws weigh by how much each tells: the finer its steps, the more. They are
-- added up in their order: in another one the last digits would differ from one evaluation to the next.
CREATE VIEW core.search_weeks AS
WITH points AS (
    SELECT
        frameworks.framework,
        frameworks.search_match,
        points.week_start,
        points.recency,
        points.is_synthetic,
        points.interest = 0.5 AS is_below_one,
        points.interest * scales.scale AS interest,
        scales.scale AS step,
        scales.chance,
        scales.rounding,
        avg(points.interest * scales.scale) OVER same_week AS level
    FROM (
        SELECT * FROM core.search_points
        QUALIFY is_recent OR recency = max(recency) OVER (PARTITION BY term, week_start)
    ) AS points
    INNER JOIN core.search_scales AS scales USING (draw)
    INNER JOIN core.frameworks AS frameworks ON points.term = frameworks.search_query
    WINDOW same_week AS (
        PARTITION BY frameworks.framework, points.week_start ORDER BY points.recency
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
),

-- weight: of a draw. Noise carries a figure across the border between two whole numbers, and the mean of many then tells
-- where between them it lies: the more, the wider the noise is beside a step. What no number of draws averages out is
-- `lasting`: the Fourier series of the error of rounding, damped by the noise; without any noise the 1/12 of a whole step.
weighed AS (
    SELECT
        *,
        1 / ((0.04 * level) ** 2 + step ** 2 / 12) AS weight,
        (0.04 * level / step) ** 2 AS noise,
        step ** 2 * (exp(-39.48 * noise) / 19.74 + exp(-157.9 * noise) / 78.96 + exp(-355.3 * noise) / 50.3) AS lasting,
        step ** 2 / 12 - lasting AS dithered,
        lasting + level ** 2 * rounding AS left_over
    FROM points
),

measured AS (
    SELECT
        framework,
        any_value(search_match) AS search_match,
        week_start,
        count(*) AS draws,
        sum(weight * interest ORDER BY recency) / sum(weight ORDER BY recency) AS interest,
        coalesce(var_samp(interest ORDER BY recency), 0) AS variance,
        avg(dithered ORDER BY recency) AS dithered,
        sum(weight ** 2 ORDER BY recency) / sum(weight ORDER BY recency) ** 2 AS share,
        sum(weight ** 2 * chance ORDER BY recency) / sum(weight ORDER BY recency) ** 2 AS chance,
        (sum(weight * sqrt(left_over) ORDER BY recency) / sum(weight ORDER BY recency)) ** 2 AS left_over,
        CASE WHEN bool_and(is_below_one) THEN avg(step ORDER BY recency) / 2 END AS half_of_one,
        bool_or(is_synthetic) AS is_synthetic
    FROM weighed
    GROUP BY framework, week_start
),

-- The noise of each term, relative and squared, from all its weeks.
noises AS (
    SELECT
        framework,
        (4 * 0.04 ** 2 + coalesce(
            (max(draws) - 1) * greatest(sum((draws - 1) * (variance - dithered) ORDER BY week_start), 0)
            / nullif(sum((draws - 1) * interest ** 2 ORDER BY week_start), 0), 0
        )) / (3 + max(draws)) AS noise
    FROM measured
    GROUP BY framework
),

bounded AS (
    SELECT
        measured.*,
        (8 * (noise * interest ** 2 + dithered) + (draws - 1) * variance) / (7 + draws) * share
        + interest ** 2 * chance AS by_chance
    FROM measured
    INNER JOIN noises USING (framework)
),

-- 95 % of what is spread evenly lies within 1.65 of its standard deviations, of what is spread by chance within 1.96; 2 of
-- a deviation that is itself estimated.
margins AS (
    SELECT
        *,
        coalesce(
            half_of_one,
            (1.645 + 0.355 * by_chance / (by_chance + left_over)) * sqrt(by_chance + left_over)
        ) AS margin
    FROM bounded
)

SELECT
    framework,
    week_start,
    round(interest, 9) AS interest,
    greatest(round(interest - margin, 9), 0) AS interest_low,
    round(interest + margin, 9) AS interest_high,
    draws,
    is_synthetic,
    search_match
FROM margins;
COMMENT ON VIEW core.search_weeks IS 'Interest a week on one scale, with the 95 % band of its mean over the draws: from noise, rounding and the scales of the draws.';

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
