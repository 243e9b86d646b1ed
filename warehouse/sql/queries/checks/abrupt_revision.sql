-- Published figures that an answer of this run would double or halve, or change by more than that. Days that were younger
-- than four days when they were collected are still being counted upstream and may change. Totals do not jump by a fifth
-- in a night.
WITH fresh AS (
    SELECT service, entity, series, day, period_end, max_by(value, recency) AS value
    FROM fresh_figures
    WHERE kind <> 'weeks' AND recency IS NOT NULL
    GROUP BY service, entity, series, day, period_end
),

-- A row for each of the two totals.
totals AS (
    SELECT
        answers.service, answers.entity, totals.day, answers.is_fresh, answers.recency,
        unnest(['stars', 'forks']) AS total,
        unnest([CAST(totals.stars AS HUGEINT), CAST(totals.forks AS HUGEINT)]) AS figure
    FROM raw.repository_totals AS totals
    INNER JOIN told_answers AS answers USING (content_id)
)

SELECT
    fresh.service,
    fresh.entity,
    format('{}: {} days at least doubled or halved, {} from {} to {}', fresh.series, count(*), min(fresh.day),
        min_by(known.settled, fresh.day), min_by(fresh.value, fresh.day)) AS detail
FROM fresh
INNER JOIN known_figures AS known USING (service, entity, series, day, period_end)
WHERE known.settled >= known.floor AND (fresh.value >= 2 * known.settled OR 2 * fresh.value <= known.settled)
GROUP BY fresh.service, fresh.entity, fresh.series
UNION ALL
SELECT service, entity, format('{} in total from {} to {}', total, before, after) AS detail
FROM (
    SELECT
        service,
        entity,
        total,
        max_by(figure, (day, recency)) FILTER (WHERE NOT is_fresh) AS before,
        max_by(figure, (day, recency)) FILTER (WHERE is_fresh) AS after,
        max(day) FILTER (WHERE is_fresh) - max(day) FILTER (WHERE NOT is_fresh) AS days
    FROM totals
    GROUP BY service, entity, total
)
WHERE before >= 1000 AND days <= 30 AND 5 * abs(after - before) >= before
ORDER BY ALL
