-- Search interest: every request is a sample with a scale of its own, its highest point being 100. All draws are brought
-- to one scale (core.search_scales) and averaged (core.search_weeks); what they differ by is the uncertainty.

-- The one home of what was measured on repeated requests: six terms, each requested three times.
CREATE VIEW core.search_noise AS
SELECT 0.04 AS noise, 1 / 12.0 AS rounding, 20 AS known_weeks;
COMMENT ON VIEW core.search_noise IS 'One row. noise: what a figure may be wrong by as a sample, one standard deviation, a share of it; rounding: the variance of a figure that is rounded to whole numbers, in steps squared; known_weeks: that noise counts as if it had been seen in so many weeks of two draws, until the draws of a term themselves say more.';

-- Draws of the 30 days before the latest one are what the estimate is made of: more would hardly narrow its band, and a
-- warehouse of many years would cost more every night. Of the time before, the last draw of each year is kept for the
-- weeks that no later draw reaches, because a request goes back for five years only.
-- The points of all other draws stay, because any past day may be asked about: after 1,825 nights they take 7 MB, and
-- leaving them out would spare 4 ms of the 40 that the points of the estimate take.
CREATE VIEW core.search_draws AS
WITH measured AS (
    SELECT answers.*, questions.question, questions.role, questions.is_imported, questions.is_aside
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

SELECT
    answer_id,
    content_id,
    draw,
    CASE WHEN is_recent THEN entity ELSE draw END AS family,
    role,
    recency,
    collected_at,
    last_whole_day,
    is_synthetic,
    is_recent
FROM draws
WHERE is_recent OR is_kept;
COMMENT ON VIEW core.search_draws IS 'The draws that the estimate is made of: those of the last 30 days, and the last of each year before. All of one question, that of the latest draw; synthetic ones only as long as there is no real one. family: recent draws of the same terms; an older draw is one by itself. role: "" of a request for the frameworks together, "anchored" of small terms beside one of their own size, "ladder" of a request that links those with the others.';

CREATE VIEW core.search_points AS
WITH points AS (
    SELECT
        draws.answer_id,
        draws.draw,
        draws.family,
        draws.role,
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
    QUALIFY row_number() OVER (PARTITION BY draws.draw, term, week_start ORDER BY draws.recency DESC, interest DESC) = 1
)

SELECT points.*, (measured.noise * points.interest) ** 2 + measured.rounding AS variance
FROM points
CROSS JOIN core.search_noise AS measured;
COMMENT ON VIEW core.search_points IS 'Weeks that were over, of those draws. "<1" counts as 0.5. variance: what a figure may be wrong by, as a sample and by rounding.';
