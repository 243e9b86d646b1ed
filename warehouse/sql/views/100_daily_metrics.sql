CREATE VIEW daily_metrics AS
FROM core.daily
UNION ALL BY NAME
SELECT days.framework, days.metric, days.day, CAST(days.value AS DOUBLE) AS value, bases.basis, 'git' AS source
FROM (
    UNPIVOT (SELECT * EXCLUDE (first_day) FROM core.git_daily)
    ON COLUMNS(* EXCLUDE (framework, day))
    INTO NAME metric VALUE value
) AS days
INNER JOIN core.git_bases AS bases USING (metric);

COMMENT ON VIEW daily_metrics IS 'Every metric by the UTC day. Grain: framework, metric, day. A day without a row was not observed; a zero is a zero. Days that were not over when they were collected are left out.';
COMMENT ON COLUMN daily_metrics.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN daily_metrics.metric IS 'Name in metric_definitions, which has unit, definition and caveat.';
COMMENT ON COLUMN daily_metrics.day IS 'UTC day.';
COMMENT ON COLUMN daily_metrics.value IS 'Figure of the day in the unit of the metric. Search interest comes by the week and is repeated on its seven days.';
COMMENT ON COLUMN daily_metrics.basis IS 'What exactly was counted. Figures on two bases are not comparable.';
COMMENT ON COLUMN daily_metrics.source IS 'Service that answered.';
