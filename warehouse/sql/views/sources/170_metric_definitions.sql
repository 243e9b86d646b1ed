CREATE VIEW metric_definitions AS
SELECT
    metrics.metric,
    metrics.unit,
    replace(metrics.definition, 'worldwide', search.place) AS definition,
    replace(metrics.basis, 'worldwide', search.place) AS basis,
    metrics.source,
    metrics.caveat,
    metrics.reference,
    metrics.label,
    metrics.answered_by,
    metrics.aggregate
FROM core.metrics AS metrics
CROSS JOIN core.search_place AS search;

COMMENT ON VIEW metric_definitions IS 'What each metric means. Grain: metric.';
COMMENT ON COLUMN metric_definitions.metric IS 'Name in daily_metrics, monthly_metrics and rolling_12_months.';
COMMENT ON COLUMN metric_definitions.unit IS 'Unit of value.';
COMMENT ON COLUMN metric_definitions.definition IS 'What is counted.';
COMMENT ON COLUMN metric_definitions.basis IS 'On which basis.';
COMMENT ON COLUMN metric_definitions.source IS 'Source in config.toml.';
COMMENT ON COLUMN metric_definitions.caveat IS 'What to keep in mind.';
COMMENT ON COLUMN metric_definitions.reference IS 'Where the definition is from.';
COMMENT ON COLUMN metric_definitions.label IS 'How reports write it.';
COMMENT ON COLUMN metric_definitions.answered_by IS 'Which services answer, the preferred one first.';
COMMENT ON COLUMN metric_definitions.aggregate IS 'How days make a month or 12 months: sum, mean, last reading, distinct people.';
