-- What Google Trends was asked in the last 70 days of one question, each request once: when last, in how many nights of the
-- last 30 days, and the mean figure of each term in its last answer, 0 where no week has a figure of 1 or more.
WITH asked AS (
    SELECT
        answers.content_id,
        answers.recency,
        questions.role,
        questions.collected_at,
        json_extract_string(told.request, '$.explore.req.comparisonItem[*].keyword') AS terms
    FROM core.search_questions AS questions
    INNER JOIN core.answers AS answers USING (answer_id)
    INNER JOIN raw.answers AS told USING (answer_id)
    WHERE questions.question = $question
        AND NOT questions.is_imported
        AND questions.collected_at > CAST($today AS DATE) - INTERVAL 70 DAY
),

requests AS (
    SELECT
        terms,
        arg_max(role, recency) AS role,
        arg_max(content_id, recency) AS content_id,
        CAST(max(collected_at) AS DATE) AS last_on,
        count(DISTINCT CAST(collected_at AS DATE)) FILTER (collected_at > CAST($today AS DATE) - INTERVAL 30 DAY) AS draws
    FROM asked
    WHERE len(terms) > 0
    GROUP BY terms
)

SELECT
    requests.terms,
    requests.role,
    requests.last_on,
    requests.draws,
    points.term,
    CASE
        WHEN max(points.interest) < 1 THEN 0
        ELSE avg(CASE WHEN points.is_below_one THEN 0.5 ELSE points.interest END)
    END AS level
FROM requests
INNER JOIN raw.search_points AS points USING (content_id)
WHERE NOT points.is_partial
GROUP BY ALL
ORDER BY requests.last_on, requests.terms, points.term;
