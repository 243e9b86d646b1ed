-- What was told before of the days that are checked. settled: the last figure that was collected when the day was at
-- least four days old, because younger ones are still being counted upstream; floor: smaller ones may jump.
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
)

SELECT
    answers.service, answers.entity, figures.series, figures.day, figures.period_end,
    any_value(figures.floor) AS floor,
    max_by(figures.value, answers.recency)
        FILTER (WHERE CAST(answers.collected_at AS DATE) - figures.period_end > 3) AS settled
FROM figures
INNER JOIN told_answers AS answers USING (content_id)
WHERE NOT answers.is_fresh
GROUP BY answers.service, answers.entity, figures.series, figures.day, figures.period_end
