-- Packages, repositories or terms that the service used to tell of and that this run got nothing of, or no more than half.
WITH fresh AS (
    SELECT service, entity, sum(row_count) AS found, bool_or(replaces_all) AS is_whole
    FROM raw.answers
    WHERE answer_id IN (FROM checked_answers) AND service NOT IN ('config', 'break_detection')
    GROUP BY service, entity
),

known AS (
    SELECT service, entity, max_by(row_count, recency) FILTER (WHERE replaces_all) AS whole, sum(row_count) AS found
    FROM core.answers
    WHERE answer_id NOT IN (FROM checked_answers)
    GROUP BY service, entity
),

term_points AS (
    SELECT answers.entity, answers.service, points.term, answers.answer_id IN (FROM checked_answers) AS is_fresh,
        count(*) FILTER (WHERE points.has_data AND (points.interest > 0 OR points.is_below_one)) AS figures
    FROM raw.search_points AS points
    INNER JOIN core.answers AS answers USING (content_id)
    GROUP BY ALL
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
INNER JOIN term_points AS known USING (service, entity, term)
WHERE fresh.is_fresh AND NOT known.is_fresh AND fresh.figures = 0 AND known.figures > 0
UNION ALL
SELECT DISTINCT known.service, known.entity, format('no figure for {}, which had some before', known.term) AS detail
FROM term_points AS known
SEMI JOIN (FROM term_points WHERE is_fresh) AS asked USING (service, entity)
ANTI JOIN (FROM term_points WHERE is_fresh) AS fresh USING (service, entity, term)
WHERE NOT known.is_fresh AND known.figures > 0
ORDER BY ALL
