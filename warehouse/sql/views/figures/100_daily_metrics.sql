CREATE VIEW daily_metrics AS
FROM core.daily
UNION ALL BY NAME
SELECT days.framework, days.metric, days.day, days.value, bases.basis, 'git' AS source
FROM (
    SELECT
        framework,
        day,
        unnest([
            'commits',
            'active_contributors',
            'active_contributors_without_bots',
            'new_contributors',
            'returning_contributors',
            'masked_or_bot_commits'
        ]) AS metric,
        unnest([
            CAST(commits AS DOUBLE),
            CAST(active_contributors AS DOUBLE),
            CAST(active_contributors_without_bots AS DOUBLE),
            CAST(new_contributors AS DOUBLE),
            CAST(returning_contributors AS DOUBLE),
            CAST(masked_or_bot_commits AS DOUBLE)
        ]) AS value
    FROM core.git_daily
) AS days
INNER JOIN core.git_bases AS bases USING (metric);

COMMENT ON VIEW daily_metrics IS 'Every metric by the UTC day. Grain: framework, metric, day. A day without a row was not observed; a zero is a zero. Days that were not over when they were collected are left out.';
COMMENT ON COLUMN daily_metrics.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN daily_metrics.metric IS 'Name in metric_definitions, which has unit, definition and caveat.';
COMMENT ON COLUMN daily_metrics.day IS 'UTC day.';
COMMENT ON COLUMN daily_metrics.value IS 'Figure of the day in the unit of the metric. Search interest comes by the week and is repeated on its seven days.';
COMMENT ON COLUMN daily_metrics.basis IS 'What exactly was counted. Figures on two bases are not comparable.';
COMMENT ON COLUMN daily_metrics.source IS 'Service that answered.';
