CREATE VIEW revisions AS
-- Every figure that an answer told of a day that was over.
WITH figures AS MATERIALIZED (
    SELECT
        answers.source,
        answers.service,
        downloads.package AS entity,
        'downloads, ' || downloads.basis AS metric,
        downloads.period_start AS day,
        downloads.period_end,
        CAST(downloads.downloads AS DOUBLE) AS value,
        answers.collected_at,
        answers.recency
    FROM raw.pypi_downloads AS downloads
    INNER JOIN core.answers AS answers USING (content_id)
    WHERE downloads.period_end <= answers.last_whole_day
    UNION ALL
    SELECT
        answers.source, answers.service, stars.repository, 'stars', stars.day, stars.day, stars.stars_added,
        answers.collected_at, answers.recency
    FROM raw.repository_stars AS stars
    INNER JOIN core.answers AS answers USING (content_id)
    WHERE stars.day <= answers.last_whole_day
),

-- Most are the same in every answer: only the others have to be put in order.
changed AS (
    SELECT service, entity, metric, day, period_end
    FROM figures
    GROUP BY service, entity, metric, day, period_end
    HAVING min(value) <> max(value)
),

-- One figure an answer, the greatest where it says two.
told AS (
    SELECT source, service, entity, metric, day, period_end, collected_at, recency, max(value) AS value
    FROM figures
    SEMI JOIN changed USING (service, entity, metric, day, period_end)
    GROUP BY source, service, entity, metric, day, period_end, collected_at, recency
),

compared AS (
    SELECT
        *,
        lag(value) OVER earlier AS old_value,
        lag(collected_at) OVER earlier AS previous_seen_at,
        lag(recency) OVER earlier AS old_recency
    FROM told
    WINDOW earlier AS (PARTITION BY service, entity, metric, day, period_end ORDER BY recency)
    QUALIFY value <> old_value
),

-- Answers about stars that said the old figure again, of which no row is kept.
told_again AS (
    SELECT compared.service, compared.entity, compared.day, compared.recency, max(answers.collected_at) AS seen_at
    FROM compared
    INNER JOIN core.answers AS answers
        ON compared.service = answers.service
        AND compared.entity = answers.entity
        AND answers.recency > compared.old_recency
        AND answers.recency < compared.recency
        AND compared.day BETWEEN answers.told_from AND answers.told_to
        AND compared.day <= answers.last_whole_day
    WHERE compared.metric = 'stars' AND answers.row_type = 'repository_stars'
    GROUP BY compared.service, compared.entity, compared.day, compared.recency
),

corrected AS (
    SELECT
        compared.* EXCLUDE (old_recency)
            REPLACE (greatest(compared.previous_seen_at, told_again.seen_at) AS previous_seen_at)
    FROM compared
    LEFT JOIN told_again
        ON compared.service = told_again.service
        AND compared.entity = told_again.entity
        AND compared.day = told_again.day
        AND compared.recency = told_again.recency
        AND compared.metric = 'stars'
),

-- From which day to which day downloads were known before the moment at which more was told of them.
known AS (
    SELECT
        service, entity, metric, collected_at,
        min(min(day)) OVER before AS first_day,
        max(max(day)) OVER before AS last_day
    FROM figures
    WHERE day = period_end AND metric <> 'stars'
    GROUP BY service, entity, metric, collected_at
    WINDOW before AS (
        PARTITION BY service, entity, metric
        ORDER BY collected_at
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),

-- Days between them that were missing, when they came.
filled AS (
    SELECT came.*
    FROM (
        SELECT
            source, service, entity, metric, day, period_end, arg_min(value, recency) AS value,
            min(collected_at) AS collected_at
        FROM figures
        WHERE day = period_end AND metric <> 'stars'
        GROUP BY source, service, entity, metric, day, period_end
    ) AS came
    INNER JOIN known USING (service, entity, metric, collected_at)
    WHERE came.day BETWEEN known.first_day AND known.last_day
)

SELECT
    source,
    entity,
    metric,
    day,
    old_value,
    value AS new_value,
    value - old_value AS difference,
    collected_at AS seen_at,
    previous_seen_at,
    period_end,
    service
FROM (
    FROM corrected
    UNION ALL BY NAME
    FROM filled
);

COMMENT ON VIEW revisions IS 'Figures that a source corrected later, and days of downloads that were missing at first. Grain: service, entity, metric, day, period_end, seen_at. The day that was not over when it was collected is left out; draws of search interest are samples and are not corrected.';
COMMENT ON COLUMN revisions.source IS 'Source in config.toml.';
COMMENT ON COLUMN revisions.entity IS 'Package or repository.';
COMMENT ON COLUMN revisions.metric IS 'downloads with the basis, or stars.';
COMMENT ON COLUMN revisions.day IS 'UTC day that the figure is of, or the first day of its window.';
COMMENT ON COLUMN revisions.old_value IS 'The figure before, which stays in raw; NULL for a day that was missing between others.';
COMMENT ON COLUMN revisions.new_value IS 'The figure after.';
COMMENT ON COLUMN revisions.difference IS 'new_value - old_value.';
COMMENT ON COLUMN revisions.seen_at IS 'When the new figure was collected, UTC.';
COMMENT ON COLUMN revisions.previous_seen_at IS 'When the old one was collected last, UTC.';
COMMENT ON COLUMN revisions.period_end IS 'Last day of the window; the day itself for daily figures.';
COMMENT ON COLUMN revisions.service IS 'Service that answered.';
