-- What was told before of the days that are checked. settled: the last figure that was told when the day was at least
-- four days old, because younger ones are still being counted upstream; floor: smaller ones may jump.
CREATE OR REPLACE TEMPORARY TABLE known_figures AS
WITH figures AS (
    SELECT
        content_id, basis || ' of ' || package AS series, period_start AS day, period_end,
        CAST(downloads AS HUGEINT) AS value, 1000 AS floor
    FROM raw.pypi_downloads
    WHERE period_start >= $first_download_day
    UNION ALL
    SELECT content_id, 'stars of ' || repository, day, day, stars_added, 100
    FROM raw.repository_stars
    WHERE day >= $first_star_day
),

known AS (FROM told_answers WHERE NOT is_fresh),

told AS (
    SELECT
        answers.service, answers.entity, answers.row_type, figures.* EXCLUDE (content_id), answers.recency,
        CAST(answers.collected_at AS DATE) - figures.period_end > 3 AS is_settled
    FROM figures
    INNER JOIN known AS answers USING (content_id)
),

-- Of stars only what differs has a row: a figure may have been told again, when its day was old enough, without one.
told_again AS (
    SELECT days.service, days.entity, days.day, max(answers.recency) AS recency
    FROM (SELECT DISTINCT service, entity, row_type, day FROM told WHERE row_type = 'repository_stars') AS days
    INNER JOIN known AS answers USING (service, entity, row_type)
    WHERE days.day BETWEEN answers.told_from AND answers.told_to
        AND CAST(answers.collected_at AS DATE) - days.day > 3
    GROUP BY days.service, days.entity, days.day
)

SELECT
    told.service, told.entity, told.series, told.day, told.period_end,
    any_value(told.floor) AS floor,
    max_by(told.value, told.recency) FILTER (WHERE told.is_settled OR told.recency <= told_again.recency) AS settled
FROM told
LEFT JOIN told_again
    ON told.row_type = 'repository_stars'
    AND told.service = told_again.service
    AND told.entity = told_again.entity
    AND told.day = told_again.day
GROUP BY told.service, told.entity, told.series, told.day, told.period_end
