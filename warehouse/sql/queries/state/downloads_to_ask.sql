-- From which day on a night asks for the downloads of each package that a service has told of. It asks one run of days,
-- from the earliest day that is due to the last day that is over:
--   each night           the last nightly_days up to the newest day that is known, and what came after it
--   each week            from the first day that is missing or known to be lost, until it is a year old
--   every 30 days        the last compare_days, whatever is known of them; what changed is in the view revisions
-- All of them begin no earlier than the first day that was ever asked for.

-- What was asked of the service, and when: an answer of a night asked for every day from its window_start on, one of a
-- backfill for other days alone.
WITH asked AS MATERIALIZED (
    SELECT
        entity, content_id, window_start, CAST(collected_at AS DATE) AS asked_on,
        answer_id NOT IN (
            SELECT got.answer_id
            FROM raw.run_answers AS got
            INNER JOIN raw.runs AS runs USING (run_id)
            WHERE runs.flow = 'backfill'
        ) AS is_of_night
    FROM core.answers
    WHERE service = $service AND window_start IS NOT NULL
),

-- Each day that the service has told of; a day that was not over when it was collected is not known.
days AS MATERIALIZED (
    SELECT asked.entity, downloads.basis, downloads.period_start AS day, bool_or(downloads.downloads > 0) AS has_any
    FROM raw.pypi_downloads AS downloads
    INNER JOIN asked USING (content_id)
    WHERE downloads.period_start = downloads.period_end AND downloads.period_end < asked.asked_on
    GROUP BY asked.entity, downloads.basis, downloads.period_start
),

-- By package: its newest day with any download, on the basis that lags behind, and the first day asked for. So that day
-- is asked again, and an answer without a row is no package that was silent. A package that lacks one of the bases
-- altogether is new: its first night broke off between the two.
packages AS (
    SELECT spans.entity, least(min(spans.last_day), CAST($last_day AS DATE)) AS last_day, any_value(first_asked) AS first_asked
    FROM (
        SELECT entity, basis, coalesce(max(day) FILTER (WHERE has_any), max(day)) AS last_day
        FROM days
        GROUP BY entity, basis
    ) AS spans
    INNER JOIN (SELECT entity, min(window_start) AS first_asked FROM asked WHERE is_of_night GROUP BY entity) AS firsts USING (entity)
    GROUP BY spans.entity
    HAVING count(*) = (SELECT count(DISTINCT basis) FROM days)
),

-- Days without a row between two that have one.
gaps AS (
    SELECT entity, before + 1 AS first_day, day - 1 AS last_day
    FROM (SELECT entity, day, lag(day) OVER (PARTITION BY entity, basis ORDER BY day) AS before FROM days)
    WHERE day - before > 1
),

-- Days that are known or suspected to be lost, also by a break of config.toml that ended; there may be rows of them,
-- which are too small.
losses AS (
    SELECT packages.entity, breaks.effective_on AS first_day, coalesce(breaks.ends_on, breaks.effective_on) AS last_day
    FROM core.breaks AS breaks
    INNER JOIN core.services AS services
        ON breaks.break_source IN ('*', services.service, services.family, services.source)
    INNER JOIN packages
        ON breaks.entity IN ('*', packages.entity)
        OR EXISTS (
            SELECT 1 FROM core.framework_packages AS members
            WHERE members.framework = breaks.entity AND members.package = packages.entity
        )
    WHERE services.service = $service
        AND (breaks.kind IN ('loss', 'suspected') OR (breaks.kind = 'own' AND breaks.ends_on IS NOT NULL))
        AND (
            breaks.metric = '*'
            OR EXISTS (FROM core.metrics AS metrics WHERE metrics.metric = breaks.metric AND metrics.source = services.source)
        )
        AND breaks.effective_on <= CAST($last_day AS DATE)
),

-- The earliest of them that is no more than a year old.
repairs AS (
    SELECT
        packages.entity,
        min(greatest(wanting.first_day, packages.first_asked, CAST($last_day AS DATE) - 365)) AS first_day
    FROM packages
    INNER JOIN (FROM gaps UNION ALL FROM losses) AS wanting USING (entity)
    WHERE wanting.last_day >= greatest(packages.first_asked, CAST($last_day AS DATE) - 365)
    GROUP BY packages.entity
),

due AS (
    SELECT entity, last_day - CAST($nightly_days AS INTEGER) + 1 AS first_day
    FROM packages
    UNION ALL
    SELECT entity, first_day
    FROM repairs
    WHERE NOT EXISTS (
            SELECT 1 FROM asked
            WHERE asked.entity = repairs.entity AND asked.is_of_night
                AND asked.window_start <= repairs.first_day
                AND asked.asked_on > CAST($today AS DATE) - 7
        )
    UNION ALL
    SELECT entity, greatest(CAST($last_day AS DATE) - CAST($compare_days AS INTEGER) + 1, first_asked) AS first_day
    FROM packages
    WHERE NOT EXISTS (
            SELECT 1 FROM asked
            WHERE asked.entity = packages.entity AND asked.is_of_night
                AND asked.window_start <= greatest(asked.asked_on - CAST($compare_days AS INTEGER), packages.first_asked)
                AND asked.asked_on > CAST($today AS DATE) - 30
        )
)

SELECT entity, min(first_day) AS first_day
FROM due
GROUP BY entity
ORDER BY entity
