-- Published figures that an answer of this run would double or halve, or change by more than that. Days that were younger
-- than four days when they were collected are still being counted upstream and may change. Totals do not jump by a fifth
-- in a night. Figures are compared as HUGEINT: twice a count near the end of 64 bits must not end the check.
WITH figures AS (
    SELECT content_id, basis || ' of ' || package AS series, period_start AS day, period_end, CAST(downloads AS HUGEINT) AS value, 1000 AS floor
    FROM raw.pypi_downloads
    UNION ALL
    SELECT content_id, 'stars of ' || repository, day, day, stars_added, 100
    FROM raw.repository_stars
),

told AS (
    SELECT
        answers.service, answers.entity, answers.recency, answers.answer_id IN (FROM checked_answers) AS is_fresh,
        CAST(answers.collected_at AS DATE) AS collected_on,
        figures.series, figures.day, figures.period_end, figures.value, figures.floor
    FROM figures
    INNER JOIN core.answers AS answers USING (content_id)
),

published AS (
    SELECT service, entity, series, day, period_end, max_by(value, recency) AS value, any_value(floor) AS floor
    FROM told
    WHERE NOT is_fresh AND collected_on - period_end > 3
    GROUP BY service, entity, series, day, period_end
),

fresh AS (
    SELECT service, entity, series, day, period_end, max_by(value, recency) AS value
    FROM told
    WHERE is_fresh
    GROUP BY service, entity, series, day, period_end
),

totals AS (
    SELECT
        answers.service, answers.entity, totals.day, CAST(totals.stars AS HUGEINT) AS stars, answers.answer_id IN (FROM checked_answers) AS is_fresh, answers.recency
    FROM raw.repository_totals AS totals
    INNER JOIN core.answers AS answers USING (content_id)
)

SELECT
    fresh.service,
    fresh.entity,
    format('{}: {} days at least doubled or halved, {} from {} to {}', fresh.series, count(*), min(fresh.day),
        min_by(published.value, fresh.day), min_by(fresh.value, fresh.day)) AS detail
FROM fresh
INNER JOIN published USING (service, entity, series, day, period_end)
WHERE published.value >= published.floor AND (fresh.value >= 2 * published.value OR 2 * fresh.value <= published.value)
GROUP BY fresh.service, fresh.entity, fresh.series
UNION ALL
SELECT service, entity, format('stars in total from {} to {}', before, after) AS detail
FROM (
    SELECT
        service,
        entity,
        max_by(stars, (day, recency)) FILTER (WHERE NOT is_fresh) AS before,
        max_by(stars, (day, recency)) FILTER (WHERE is_fresh) AS after,
        max(day) FILTER (WHERE is_fresh) - max(day) FILTER (WHERE NOT is_fresh) AS days
    FROM totals
    GROUP BY service, entity
)
WHERE before >= 1000 AND days <= 30 AND 5 * abs(after - before) >= before
ORDER BY ALL
