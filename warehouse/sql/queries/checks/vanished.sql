-- Packages, repositories or terms that the service used to tell of and that this run got nothing of, or no more than half.
WITH fresh AS (
    SELECT service, entity, sum(row_count) AS found, bool_or(replaces_all) AS is_whole
    FROM raw.answers
    WHERE answer_id IN (FROM checked_answers) AND service NOT IN ('config', 'break_detection')
    GROUP BY service, entity
),

known AS (
    SELECT service, entity, max_by(row_count, recency) FILTER (WHERE replaces_all) AS whole, sum(row_count) AS found
    FROM told_answers
    WHERE NOT is_fresh
    GROUP BY service, entity
),

-- Draws to check, and those of the last time that any were let in; what is rare in one place may be known in another, so
-- only those of the same question are compared.
draws AS (
    SELECT told.answer_id, told.service, told.entity || ' ' || questions.question AS series, told.entity, told.content_id, told.is_fresh
    FROM told_answers AS told
    INNER JOIN core.search_questions AS questions USING (answer_id)
    WHERE told.row_type = 'search_points'
    QUALIFY told.is_fresh
        OR told.collected_at = max(told.collected_at) FILTER (WHERE NOT told.is_fresh) OVER (PARTITION BY told.service, series)
),

term_points AS (
    SELECT draws.service, draws.entity, draws.series, draws.is_fresh, points.term,
        count(*) FILTER (WHERE points.has_data AND (points.interest > 0 OR points.is_below_one)) AS figures
    FROM raw.search_points AS points
    INNER JOIN draws USING (content_id)
    GROUP BY draws.service, draws.entity, draws.series, draws.is_fresh, points.term
)

SELECT fresh.service, fresh.entity, format('no figure any more, {} rows were known', CAST(known.found AS BIGINT)) AS detail
FROM fresh
INNER JOIN known USING (service, entity)
WHERE fresh.found = 0 AND known.found > 0 AND (fresh.is_whole OR fresh.service <> 'git')
UNION ALL
SELECT
    fresh.service,
    fresh.entity,
    format('only {} of the {} rows known before', CAST(fresh.found AS BIGINT), CAST(known.whole AS BIGINT)) AS detail
FROM fresh
INNER JOIN known USING (service, entity)
WHERE fresh.is_whole AND fresh.found > 0 AND 2 * fresh.found <= known.whole
UNION ALL
SELECT fresh.service, fresh.entity, format('no figure for {}, which had some before', fresh.term) AS detail
FROM term_points AS fresh
INNER JOIN term_points AS known USING (service, entity, series, term)
WHERE fresh.is_fresh AND NOT known.is_fresh AND fresh.figures = 0 AND known.figures > 0
UNION ALL
SELECT DISTINCT known.service, known.entity, format('no figure for {}, which had some before', known.term) AS detail
FROM term_points AS known
SEMI JOIN (FROM term_points WHERE is_fresh) AS asked USING (service, series)
ANTI JOIN (FROM term_points WHERE is_fresh) AS fresh USING (service, series, term)
WHERE NOT known.is_fresh AND known.figures > 0
ORDER BY ALL
