-- Stars and forks.

CREATE VIEW core.star_days AS
-- The greatest struct is that of the latest answer about a day.
WITH told AS (
    SELECT
        frameworks.framework,
        stars.day,
        max(struct_pack(
            recency := answers.recency, stars_added := stars.stars_added, service := answers.service
        )) AS latest
    FROM raw.repository_stars AS stars
    INNER JOIN core.current_answers AS answers USING (content_id)
    INNER JOIN core.frameworks AS frameworks USING (repository)
    WHERE answers.row_type = 'repository_stars'
        AND stars.day <= answers.last_whole_day
    GROUP BY frameworks.framework, stars.day
)

SELECT
    told.framework, metrics.metric, told.day, CAST(told.latest.stars_added AS DOUBLE) AS value, metrics.basis,
    told.latest.service, 1 AS preference
FROM told
INNER JOIN core.metrics AS metrics ON metrics.metric = 'stars';
COMMENT ON VIEW core.star_days IS 'Stars of days that were over when they were collected.';

CREATE VIEW core.repository_totals AS
-- The last answer about a day; each column but the first three is a metric of the catalogue.
WITH readings AS (
    SELECT
        frameworks.framework, totals.day, answers.service,
        CAST(totals.stars AS DOUBLE) AS stars_total, CAST(totals.forks AS DOUBLE) AS forks
    FROM raw.repository_totals AS totals
    INNER JOIN core.current_answers AS answers USING (content_id)
    INNER JOIN core.frameworks AS frameworks USING (repository)
    WHERE answers.row_type = 'repository_totals'
        AND totals.day <= answers.last_whole_day + 1
    QUALIFY row_number() OVER (
        PARTITION BY frameworks.framework, totals.day ORDER BY answers.recency DESC, totals.stars DESC, totals.forks DESC
    ) = 1
)

SELECT readings.framework, readings.metric, readings.day, readings.value, metrics.basis, readings.service, 1 AS preference
FROM (UNPIVOT readings ON COLUMNS(* EXCLUDE (framework, day, service)) INTO NAME metric VALUE value) AS readings
INNER JOIN core.metrics AS metrics USING (metric);
COMMENT ON VIEW core.repository_totals IS 'Totals as they stood on a day, that on which they were collected included; a row for each metric.';
