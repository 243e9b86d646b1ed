CREATE VIEW downloads_beside_index AS
-- All packages of the index together, by the day.
WITH index_days AS (
    SELECT basis, period_start AS day, service, downloads
    FROM core.downloads
    WHERE package = '__all__' AND period_start = period_end
),

-- Of each day the preferred service of the framework and of the index, on one basis.
days AS (
    SELECT
        own.framework, own.metric, own.basis, own.day, own.value, own.service, index_days.downloads AS index_value,
        index_days.service AS index_service
    FROM core.download_days AS own
    INNER JOIN index_days USING (basis, day)
    QUALIFY row_number() OVER (
        PARTITION BY own.framework, own.metric, own.basis, own.day ORDER BY own.preference, index_days.service
    ) = 1
)

SELECT
    days.framework, days.metric, days.basis, CAST(date_trunc('month', days.day) AS DATE) AS month,
    count(*) AS days,
    sum(days.value) AS value,
    CAST(sum(days.index_value) AS DOUBLE) AS index_value,
    1e6 * sum(days.value) / nullif(sum(days.index_value), 0) AS per_million,
    count(*) / any_value(months.month_days) AS coverage,
    min(days.service) AS service,
    min(days.index_service) AS index_service
FROM days
INNER JOIN core.months AS months ON date_trunc('month', days.day) = months.month
GROUP BY ALL;

COMMENT ON VIEW downloads_beside_index IS 'Downloads of a framework beside those of all packages of the index together, raw and relative, on one basis. Grain: framework, metric, basis, month. What moves all packages alike, such as mirrors, season or another way of counting, is not in per_million.';
COMMENT ON COLUMN downloads_beside_index.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN downloads_beside_index.metric IS 'Metric that the basis belongs to, a name in metric_definitions.';
COMMENT ON COLUMN downloads_beside_index.basis IS 'What exactly is counted, for the framework and for the index.';
COMMENT ON COLUMN downloads_beside_index.month IS 'First day of the month, UTC.';
COMMENT ON COLUMN downloads_beside_index.days IS 'Days on which both are known; all figures are of these.';
COMMENT ON COLUMN downloads_beside_index.value IS 'Downloads of the framework.';
COMMENT ON COLUMN downloads_beside_index.index_value IS 'Downloads of all packages together.';
COMMENT ON COLUMN downloads_beside_index.per_million IS 'Downloads of the framework for each million of the index.';
COMMENT ON COLUMN downloads_beside_index.coverage IS 'Share of the days of the month on which both are known, 0-1.';
COMMENT ON COLUMN downloads_beside_index.service IS 'Service that answered for the framework.';
COMMENT ON COLUMN downloads_beside_index.index_service IS 'Service that answered for the index.';
