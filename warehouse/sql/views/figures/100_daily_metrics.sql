CREATE VIEW daily_metrics AS
SELECT days.framework, days.metric, days.day, days.value, days.basis, services.source, days.service
FROM (
    FROM core.daily
    UNION ALL BY NAME
    FROM core.git_days
) AS days
INNER JOIN core.services AS services USING (service);

COMMENT ON VIEW daily_metrics IS 'Every metric by the UTC day. Grain: framework, metric, day. A day without a row was not observed; a zero is a zero. Days that were not over when they were collected are left out.';
COMMENT ON COLUMN daily_metrics.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN daily_metrics.metric IS 'Name in metric_definitions, which has unit, definition and caveat.';
COMMENT ON COLUMN daily_metrics.day IS 'UTC day.';
COMMENT ON COLUMN daily_metrics.value IS 'Figure of the day in the unit of the metric. Search interest comes by the week and is repeated on its seven days.';
COMMENT ON COLUMN daily_metrics.basis IS 'What exactly was counted. Figures on two bases are not comparable.';
COMMENT ON COLUMN daily_metrics.source IS 'Source in config.toml; joins collection_runs, freshness and lineage.';
COMMENT ON COLUMN daily_metrics.service IS 'Service that answered.';
