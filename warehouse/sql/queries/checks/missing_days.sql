-- Days or weeks missing inside what one answer covers, after the last day that is published. A package with few downloads
-- has days without any, which some services leave out; from 20 a day on (median) that is no chance. A source that knows
-- which days its service lost gives an answer for each run of days between them: that is told as a gap, and let in.
WITH figures AS (
    SELECT content_id, basis || ' of ' || package AS series, period_start AS day, 1 AS step, downloads AS value
    FROM raw.pypi_downloads
    WHERE period_start = period_end
    UNION ALL
    SELECT content_id, term, bucket_start, 7, 100
    FROM raw.search_points
    WHERE lower(resolution) = 'week'
    UNION ALL
    SELECT content_id, 'stars of ' || repository, day, 1, 100
    FROM raw.repository_stars
),

fresh AS (
    SELECT DISTINCT answers.service, answers.entity, answers.answer_id, figures.series, figures.day, figures.step, figures.value
    FROM figures
    INNER JOIN raw.answers AS answers USING (content_id)
    WHERE answers.answer_id IN (FROM checked_answers)
),

published AS (
    SELECT answers.service, answers.entity, figures.series, max(figures.day) AS last_day
    FROM figures
    INNER JOIN core.answers AS answers USING (content_id)
    WHERE answers.answer_id NOT IN (FROM checked_answers)
    GROUP BY answers.service, answers.entity, figures.series
),

spaced AS (
    SELECT
        fresh.service, fresh.entity, fresh.series, fresh.day, fresh.step, fresh.value,
        lag(fresh.day) OVER (PARTITION BY fresh.answer_id, fresh.series ORDER BY fresh.day) AS before
    FROM fresh
),

holes AS (
    SELECT
        spaced.service,
        spaced.entity,
        spaced.series,
        median(spaced.value) AS usual,
        count(*) FILTER (WHERE spaced.day - spaced.before > spaced.step AND spaced.day > coalesce(published.last_day, DATE '1970-01-01')) AS holes,
        min(spaced.before + spaced.step) FILTER (
            WHERE spaced.day - spaced.before > spaced.step AND spaced.day > coalesce(published.last_day, DATE '1970-01-01')
        ) AS first_missing
    FROM spaced
    LEFT JOIN published USING (service, entity, series)
    GROUP BY spaced.service, spaced.entity, spaced.series
)

SELECT service, entity, format('{}: {} gaps, the first from {}', series, holes, first_missing) AS detail
FROM holes
WHERE holes > 0 AND usual >= 20
ORDER BY ALL
