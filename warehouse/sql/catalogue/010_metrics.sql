CREATE TABLE core.metrics (
    metric VARCHAR, label VARCHAR, unit VARCHAR, level_unit VARCHAR, short_unit VARCHAR, aggregate VARCHAR,
    base_metric VARCHAR, source VARCHAR, answered_by VARCHAR, definition VARCHAR, basis VARCHAR, caveat VARCHAR,
    reference VARCHAR, raw_table VARCHAR, days_view VARCHAR, counted_as VARCHAR[],
    adds_up_to VARCHAR, figure_days INTEGER
);
COMMENT ON TABLE core.metrics IS 'The metrics of warehouse/catalogue/metrics.toml, which says what each column means.';
