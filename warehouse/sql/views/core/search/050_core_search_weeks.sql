-- A figure v is anything from v - 1/2 to v + 1/2 on the scale of its draw, and a sample besides. The noise of the sample is
-- what was measured on repeated requests, and what the draws of a term differ by over all its weeks. How far the draws of
-- the week itself lie apart counts too, or a week that jumps would look as sure as the others. Draws weigh by how much each
-- tells: the finer its steps, the more. They are added up in their order: in another one the last digits would differ from
-- one evaluation to the next.
CREATE VIEW core.search_curves AS
WITH told AS MATERIALIZED (FROM core.search_points),

tracked AS MATERIALIZED (SELECT search_query AS term, framework, search_match, position FROM core.frameworks),

-- The control: of the terms that small ones are linked through, the one with the most draws. It is none of the
-- frameworks, so what it has in common with them is no popularity.
controls AS (
    SELECT term
    FROM told
    WHERE is_recent AND role <> '' AND term NOT IN (SELECT term FROM tracked)
    GROUP BY term
    ORDER BY count(DISTINCT draw) DESC, sum(interest) DESC, term
    LIMIT 1
),

points AS (
    SELECT
        points.term,
        points.week_start,
        points.recency,
        points.is_synthetic,
        points.interest = 0.5 AS is_below_one,
        points.interest * scales.scale AS interest,
        scales.scale AS step,
        scales.chance,
        scales.doubt,
        measured.noise * avg(points.interest * scales.scale) OVER same_week AS sampled,
        measured.rounding
    FROM (
        SELECT * FROM told
        WHERE term IN (SELECT term FROM tracked UNION ALL SELECT term FROM controls)
        QUALIFY is_recent OR recency = max(recency) OVER (PARTITION BY term, week_start)
    ) AS points
    INNER JOIN core.search_scales AS scales USING (draw)
    CROSS JOIN core.search_noise AS measured
    WINDOW same_week AS (
        PARTITION BY points.term, points.week_start ORDER BY points.recency
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
),

-- weight: of a draw. Noise carries a figure across the border between two whole numbers, and the mean of many then tells
-- where between them it lies: the more, the wider the noise is beside a step. What no number of draws averages out is
-- `lasting`: the Fourier series of the error of rounding, damped by the noise; without any noise the 1/12 of a whole step.
weighed AS (
    SELECT
        *,
        1 / (sampled ** 2 + step ** 2 * rounding) AS weight,
        (sampled / step) ** 2 AS noise,
        step ** 2 * (exp(-39.48 * noise) / 19.74 + exp(-157.9 * noise) / 78.96 + exp(-355.3 * noise) / 50.3) AS lasting,
        step ** 2 * rounding - lasting AS dithered
    FROM points
),

added AS (
    SELECT
        term,
        week_start,
        count(*) AS draws,
        sum(weight ORDER BY recency) AS weights,
        sum(weight * interest ORDER BY recency) AS interests,
        sum(weight * interest ** 2 ORDER BY recency) AS squares,
        sum(weight * dithered ORDER BY recency) AS dithered,
        sum(weight ** 2 ORDER BY recency) AS weight_squares,
        sum(weight * sqrt(lasting) ORDER BY recency) AS lasting,
        sum(weight ** 2 * chance ORDER BY recency) AS chance,
        sum(weight * sqrt(doubt) ORDER BY recency) AS doubt,
        CASE WHEN bool_and(is_below_one) THEN avg(step ORDER BY recency) / 2 END AS half_of_one,
        bool_or(is_synthetic) AS is_synthetic
    FROM weighed
    GROUP BY term, week_start
),

-- variance: of the draws of the week, as many as there are.
measured AS (
    SELECT
        term,
        week_start,
        draws,
        interests / weights AS interest,
        greatest(squares / weights - (interests / weights) ** 2, 0) * draws / greatest(draws - 1, 1) AS variance,
        dithered / weights AS dithered,
        weight_squares / weights ** 2 AS share,
        (lasting / weights) ** 2 AS lasting,
        chance / weights ** 2 + (doubt / weights) ** 2 AS of_scale,
        half_of_one,
        is_synthetic
    FROM added
),

-- The noise of each term, relative and squared, from all its weeks: each draw after the first of a week says once more
-- what it is.
noises AS (
    SELECT
        measured.term,
        (any_value(known.known_weeks * known.noise ** 2) + coalesce(
            greatest(sum((draws - 1) * (variance - dithered) ORDER BY week_start), 0)
            / nullif(sum((draws - 1) * interest ** 2 ORDER BY week_start), 0), 0
        ) * sum(draws - 1)) / (any_value(known.known_weeks) + sum(draws - 1)) AS noise
    FROM measured
    CROSS JOIN core.search_noise AS known
    GROUP BY measured.term
),

bounded AS (
    SELECT
        measured.*,
        (8 * (noise * interest ** 2 + dithered) + (draws - 1) * variance) / (7 + draws) * share AS by_chance
    FROM measured
    INNER JOIN noises USING (term)
),

-- 95 % of what is spread evenly lies within 1.65 of its standard deviations, of what is spread by chance within 1.96; 2 of
-- a deviation that is itself estimated.
margins AS (
    SELECT
        *,
        by_chance + interest ** 2 * of_scale AS spread_by_chance,
        coalesce(
            half_of_one,
            (1.645 + 0.355 * spread_by_chance / (spread_by_chance + lasting)) * sqrt(spread_by_chance + lasting)
        ) AS margin
    FROM bounded
)

SELECT
    margins.term,
    tracked.framework,
    tracked.search_match,
    tracked.position,
    week_start,
    round(interest, 9) AS interest,
    greatest(round(interest - margin, 9), 0) AS interest_low,
    round(interest + margin, 9) AS interest_high,
    draws,
    is_synthetic,
    round(by_chance, 12) AS by_chance,
    round(lasting, 12) AS lasting,
    round(of_scale, 12) AS of_scale
FROM margins
LEFT JOIN tracked USING (term);
COMMENT ON VIEW core.search_curves IS 'Interest in a term a week on one scale, with the 95 % band of its mean over the draws: from noise, rounding and the scales of the draws. by_chance: its variance as a sample; lasting: that of rounding which no number of draws averages out; of_scale: that of the scale, relative, which the weeks have in common. Terms of frameworks, and one without a framework where one was asked for: the control.';

CREATE VIEW core.search_weeks AS
SELECT
    * EXCLUDE (term, position),
    interest / nullif(sum(interest) FILTER (framework IS NOT NULL) OVER same_week, 0) AS share,
    max(interest) FILTER (framework IS NULL) OVER same_week AS control
FROM core.search_curves
WINDOW same_week AS (
    PARTITION BY week_start ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
)
QUALIFY framework IS NOT NULL;
COMMENT ON VIEW core.search_weeks IS 'core.search_curves of the frameworks. share: of the interest in all of them in that week; control: the interest in the control in that week.';

CREATE VIEW core.search_control AS
SELECT * EXCLUDE (framework, search_match, position) FROM core.search_curves WHERE framework IS NULL;
COMMENT ON VIEW core.search_control IS 'core.search_curves of the control: a topic that is none of the frameworks. No row before small terms were asked for beside one.';

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
