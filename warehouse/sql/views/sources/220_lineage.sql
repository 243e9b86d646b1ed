CREATE VIEW lineage AS
-- Search interest: every draw that measured a week of the month.
WITH search_rows AS (
    SELECT
        frameworks.framework,
        'search_interest' AS metric,
        points.answer_id,
        months.month,
        count(*) AS raw_rows
    FROM core.search_points AS points
    INNER JOIN core.frameworks AS frameworks ON points.term = frameworks.search_query
    INNER JOIN core.months AS months
        ON points.week_start <= months.month_end AND points.week_start + 6 >= months.month
    GROUP BY frameworks.framework, points.answer_id, months.month
),

-- Downloads: the months that each figure touches.
download_parts AS (
    SELECT
        downloads.package,
        downloads.basis,
        answers.service,
        answers.answer_id,
        CAST(unnest(range(
            date_trunc('month', downloads.period_start), downloads.period_end + INTERVAL 1 DAY, INTERVAL 1 MONTH
        )) AS DATE) AS month
    FROM raw.pypi_downloads AS downloads
    INNER JOIN core.current_answers AS answers USING (content_id)
    WHERE downloads.period_end <= answers.last_whole_day
),

-- Only of the service that the month was taken from.
download_rows AS (
    SELECT
        packages.framework,
        metrics.metric,
        parts.answer_id,
        parts.month,
        count(*) AS raw_rows
    FROM download_parts AS parts
    INNER JOIN core.framework_packages AS packages USING (package)
    INNER JOIN core.metrics AS metrics
        ON metrics.base_metric = 'pypi_downloads'
        AND (packages.role = 'counted' OR metrics.metric = 'pypi_downloads_lower_bound')
        AND (parts.basis = 'without_mirrors') = (metrics.metric = 'pypi_downloads_without_mirrors')
    INNER JOIN monthly_metrics AS chosen
        ON packages.framework = chosen.framework
        AND metrics.metric = chosen.metric
        AND parts.month = chosen.month
        AND parts.service = chosen.service
    GROUP BY packages.framework, metrics.metric, parts.answer_id, parts.month
),

-- Commits, stars and totals of answers that count: the month of each row.
repository_rows AS (
    SELECT content_id, repository, 'raw.git_commits' AS raw_table, date_trunc('month', committed_on) AS month
    FROM raw.git_commits
    SEMI JOIN core.current_answers USING (content_id)
    UNION ALL
    SELECT content_id, repository, 'raw.repository_stars' AS raw_table, date_trunc('month', day) AS month
    FROM raw.repository_stars
    SEMI JOIN core.current_answers USING (content_id)
    UNION ALL
    SELECT content_id, repository, 'raw.repository_totals' AS raw_table, date_trunc('month', day) AS month
    FROM raw.repository_totals
    SEMI JOIN core.current_answers USING (content_id)
),

repository_counts AS (
    SELECT content_id, repository, raw_table, CAST(month AS DATE) AS month, count(*) AS raw_rows
    FROM repository_rows
    GROUP BY content_id, repository, raw_table, month
),

-- An answer about stars also counts for the days of which it said the same as the one before, without rows of its own.
repository_answers AS (
    SELECT answers.answer_id, counts.repository, counts.raw_table, counts.month, counts.raw_rows
    FROM repository_counts AS counts
    INNER JOIN core.current_answers AS answers USING (content_id)
    WHERE answers.told_from IS NULL
    UNION ALL
    SELECT
        answers.answer_id, answers.entity AS repository, 'raw.repository_stars' AS raw_table, months.month,
        CAST(least(answers.told_to, months.month_end) - greatest(answers.told_from, months.month) AS INTEGER) + 1 AS raw_rows
    FROM core.current_answers AS answers
    INNER JOIN core.months AS months ON months.month <= answers.told_to AND months.month_end >= answers.told_from
),

-- Every metric that the catalogue makes from the table.
repository_metrics AS (
    SELECT
        frameworks.framework, metrics.metric, answers.answer_id, answers.month, answers.raw_rows
    FROM repository_answers AS answers
    INNER JOIN core.frameworks AS frameworks USING (repository)
    INNER JOIN core.metrics AS metrics USING (raw_table)
    INNER JOIN core.months AS months USING (month)
),

everything AS (
    FROM search_rows
    UNION ALL BY NAME
    FROM download_rows
    UNION ALL BY NAME
    FROM repository_metrics
)

SELECT
    everything.framework,
    everything.metric,
    everything.month,
    answers.source,
    answers.entity,
    answers.run_id,
    answers.answer_id,
    answers.collected_at,
    told.request,
    metrics.raw_table,
    answers.content_id,
    everything.raw_rows,
    answers.service,
    answers.window_start,
    answers.window_end
FROM everything
INNER JOIN core.metrics AS metrics USING (metric)
INNER JOIN core.answers AS answers USING (answer_id)
INNER JOIN raw.answers AS told USING (answer_id);

COMMENT ON VIEW lineage IS 'From a figure of monthly_metrics to the answers it is made from: SELECT * FROM lineage WHERE framework = ... AND metric = ... AND month = ... Grain: framework, metric, month, answer_id. The rows themselves are in raw_table, under this content_id; of stars only those that said something new.';
COMMENT ON COLUMN lineage.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN lineage.metric IS 'Name in metric_definitions.';
COMMENT ON COLUMN lineage.month IS 'First day of the month.';
COMMENT ON COLUMN lineage.source IS 'Source in config.toml; joins collection_runs, together with run_id.';
COMMENT ON COLUMN lineage.entity IS 'What was asked about.';
COMMENT ON COLUMN lineage.run_id IS 'Run in which the answer was collected; see collection_runs.';
COMMENT ON COLUMN lineage.answer_id IS 'Identifies the answer in raw.answers.';
COMMENT ON COLUMN lineage.collected_at IS 'When, UTC.';
COMMENT ON COLUMN lineage.request IS 'The request in full, JSON, without secrets.';
COMMENT ON COLUMN lineage.raw_table IS 'Table that holds the rows.';
COMMENT ON COLUMN lineage.content_id IS 'Names the rows of the answer in that table.';
COMMENT ON COLUMN lineage.raw_rows IS 'Rows of the answer that concern this month, those that a later answer supersedes included, and of stars those that said the same as the answer before.';
COMMENT ON COLUMN lineage.service IS 'Service that answered.';
COMMENT ON COLUMN lineage.window_start IS 'First day asked for; NULL where the request names none.';
COMMENT ON COLUMN lineage.window_end IS 'Last day asked for.';
