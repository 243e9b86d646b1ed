-- Figures of days that had not begun when the answer was collected. One wrong clock among a thousand committers is life.
WITH days AS (
    SELECT content_id, period_end AS day, false AS is_commit FROM raw.pypi_downloads
    UNION ALL
    SELECT content_id, bucket_start, false FROM raw.search_points
    UNION ALL
    SELECT content_id, day, false FROM raw.repository_stars
    UNION ALL
    SELECT content_id, day, false FROM raw.repository_totals
    UNION ALL
    SELECT content_id, committed_on, true FROM raw.git_commits
)

SELECT
    answers.service,
    answers.entity,
    format('{} figures of days after {}, the last of {}', count(*) FILTER (WHERE days.day > CAST(answers.collected_at AS DATE)),
        min(CAST(answers.collected_at AS DATE)), max(days.day)) AS detail
FROM days
INNER JOIN raw.answers AS answers USING (content_id)
WHERE answers.answer_id IN (FROM checked_answers)
GROUP BY answers.service, answers.entity
HAVING count(*) FILTER (WHERE days.day > CAST(answers.collected_at AS DATE))
    > CASE WHEN bool_or(days.is_commit) THEN greatest(10, 0.001 * count(*)) ELSE 0 END
ORDER BY ALL
