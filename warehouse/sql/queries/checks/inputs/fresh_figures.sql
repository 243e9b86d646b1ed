-- The figures of the checked answers, of series that have one for each day, week or window. step: days to the next one,
-- NULL for windows and for stars of which every day is told, although rows are kept only of those that differ. Values
-- are HUGEINT: twice a count near the end of 64 bits must not end a check.
CREATE OR REPLACE TEMPORARY TABLE fresh_figures AS
WITH figures AS (
    SELECT
        content_id, 'downloads' AS kind, basis || ' of ' || package AS series, period_start AS day, period_end,
        CASE WHEN period_start = period_end THEN 1 END AS step, CAST(downloads AS HUGEINT) AS value
    FROM raw.pypi_downloads
    UNION ALL
    SELECT content_id, 'stars', 'stars of ' || repository, day, day, 1, stars_added
    FROM raw.repository_stars
    UNION ALL
    SELECT content_id, 'weeks', term, bucket_start, bucket_start + 6, 7, interest
    FROM raw.search_points
    WHERE lower(resolution) = 'week'
)

SELECT
    answers.service, answers.entity, answers.answer_id, told.recency,
    figures.* EXCLUDE (content_id) REPLACE (CASE WHEN answers.told_from IS NULL THEN figures.step END AS step)
FROM figures
INNER JOIN raw.answers AS answers USING (content_id)
LEFT JOIN told_answers AS told ON answers.answer_id = told.answer_id
WHERE answers.answer_id IN (FROM checked_answers)
