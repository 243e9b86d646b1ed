CREATE VIEW series_breaks AS
SELECT
    breaks.framework, breaks.metric, services.source, breaks.service, breaks.effective_on, breaks.ends_on, breaks.kind,
    breaks.what_changed, breaks.break_source, breaks.break_metric, breaks.entity
FROM core.series_breaks AS breaks
INNER JOIN core.services AS services USING (service);

COMMENT ON VIEW series_breaks IS 'Which days of measurement_breaks concern which series. Grain: framework, metric, service, effective_on, what_changed, entity.';
COMMENT ON COLUMN series_breaks.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN series_breaks.metric IS 'Name in metric_definitions.';
COMMENT ON COLUMN series_breaks.source IS 'Source in config.toml.';
COMMENT ON COLUMN series_breaks.service IS 'Service whose figures are concerned.';
COMMENT ON COLUMN series_breaks.effective_on IS 'First UTC day that is counted the new way, or that a loss concerns.';
COMMENT ON COLUMN series_breaks.ends_on IS 'Last day of a loss that ended; NULL where the new way of counting stayed.';
COMMENT ON COLUMN series_breaks.kind IS 'As in measurement_breaks.';
COMMENT ON COLUMN series_breaks.what_changed IS 'What changed, in one sentence.';
COMMENT ON COLUMN series_breaks.break_source IS 'source of the break in measurement_breaks.';
COMMENT ON COLUMN series_breaks.break_metric IS 'metric of the break in measurement_breaks.';
COMMENT ON COLUMN series_breaks.entity IS 'entity of the break in measurement_breaks.';
