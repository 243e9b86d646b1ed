-- Answers that say two things about the same key.
WITH releases AS (
    SELECT parts.content_id, releases.package, releases.version, releases.released_at, releases.is_prerelease, releases.is_yanked
    FROM raw.pypi_releases AS releases
    INNER JOIN core.content_parts AS parts ON releases.content_id = parts.part_id
    WHERE parts.content_id IN (
        SELECT content_id FROM raw.answers WHERE answer_id IN (FROM checked_answers)
    )
    GROUP BY ALL
    HAVING NOT arg_max(releases.is_gone, parts.step)
),

keys AS (
    SELECT content_id, concat_ws(' ', package, basis, period_start, period_end) AS key FROM raw.pypi_downloads
    UNION ALL
    SELECT content_id, concat_ws(' ', term, resolution, bucket_start) FROM raw.search_points
    UNION ALL
    SELECT content_id, concat_ws(' ', repository, day) FROM raw.repository_stars
    UNION ALL
    SELECT content_id, concat_ws(' ', repository, day) FROM raw.repository_totals
    UNION ALL
    SELECT content_id, concat_ws(' ', package, version) FROM releases
    UNION ALL
    SELECT content_id, commit_key FROM raw.git_commits
),

repeated AS (
    SELECT answers.service, answers.entity, answers.answer_id, keys.key
    FROM keys
    INNER JOIN raw.answers AS answers USING (content_id)
    WHERE answers.answer_id IN (FROM checked_answers)
    GROUP BY answers.service, answers.entity, answers.answer_id, keys.key
    HAVING count(*) > 1
)

SELECT service, entity, format('{} keys with two figures, the first is {}', count(*), min(key)) AS detail
FROM repeated
GROUP BY service, entity
ORDER BY ALL
