-- Days or weeks missing inside what one answer covers, after the last day that is published. A package with few downloads
-- has days without any, which some services leave out; from 20 a day on (median) that is no chance. A source that knows
-- which days its service lost gives an answer for each run of days between them: that is told as a gap, and let in.
WITH fresh AS (
    SELECT DISTINCT service, entity, answer_id, kind, series, day, step,
        CASE WHEN kind = 'downloads' THEN value ELSE 100 END AS value
    FROM fresh_figures
    WHERE step IS NOT NULL
),

spaced AS (
    SELECT *, lag(day) OVER (PARTITION BY answer_id, series ORDER BY day) AS before
    FROM fresh
),

usual AS (
    SELECT service, entity, series, median(value) AS value
    FROM spaced
    GROUP BY service, entity, series
),

gaps AS (FROM spaced WHERE day - before > step),

-- Of weeks every draw tells all, so they are looked up for the terms that have a gap and no other.
published AS (
    SELECT service, entity, series, max(day) AS last_day
    FROM known_figures
    WHERE day = period_end
    GROUP BY service, entity, series
    UNION ALL
    SELECT answers.service, answers.entity, points.term AS series, max(points.bucket_start) AS last_day
    FROM raw.search_points AS points
    SEMI JOIN (FROM gaps WHERE kind = 'weeks') AS gaps ON points.term = gaps.series
    INNER JOIN told_answers AS answers USING (content_id)
    WHERE lower(points.resolution) = 'week' AND NOT answers.is_fresh
    GROUP BY answers.service, answers.entity, points.term
)

SELECT
    gaps.service,
    gaps.entity,
    format('{}: {} gaps, the first from {}', gaps.series, count(*), min(gaps.before + gaps.step)) AS detail
FROM gaps
INNER JOIN usual USING (service, entity, series)
LEFT JOIN published USING (service, entity, series)
WHERE usual.value >= 20 AND gaps.day > coalesce(published.last_day, DATE '1970-01-01')
GROUP BY gaps.service, gaps.entity, gaps.series
ORDER BY ALL
