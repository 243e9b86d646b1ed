-- Figures that cannot be: counts below zero, interest outside 0 to 100, windows without a day.
WITH impossible AS (
    SELECT content_id, package || ' ' || CAST(period_start AS VARCHAR) || ': ' || CAST(downloads AS VARCHAR) AS found
    FROM raw.pypi_downloads
    WHERE downloads < 0 OR window_days < 1 OR period_end < period_start
    UNION ALL
    SELECT content_id, term || ' ' || CAST(bucket_start AS VARCHAR) || ': ' || CAST(interest AS VARCHAR)
    FROM raw.search_points
    WHERE interest < 0 OR interest > 100
    UNION ALL
    SELECT content_id, repository || ' ' || CAST(day AS VARCHAR) || ': ' || CAST(stars_added AS VARCHAR)
    FROM raw.repository_stars
    WHERE stars_added < 0
    UNION ALL
    SELECT content_id, repository || ' ' || CAST(day AS VARCHAR) || ': ' || CAST(least(stars, forks) AS VARCHAR)
    FROM raw.repository_totals
    WHERE stars < 0 OR forks < 0
)

SELECT answers.service, answers.entity, format('{} impossible figures, the first is {}', count(*), min(impossible.found)) AS detail
FROM impossible
INNER JOIN raw.answers AS answers USING (content_id)
WHERE answers.answer_id IN (FROM checked_answers)
GROUP BY answers.service, answers.entity
ORDER BY ALL
