CREATE VIEW measurement_breaks AS
SELECT break_source AS source, metric, effective_on, kind, what_changed, evidence, entity, ends_on
FROM core.breaks;

COMMENT ON VIEW measurement_breaks IS 'Days from which a source counts differently. Grain: source, metric, entity, effective_on, what_changed. Two windows with such a day between them are not comparable.';
COMMENT ON COLUMN measurement_breaks.source IS 'What is concerned: a source of config.toml, one of its services, or pypi for all services that count downloads from the package index; *: all.';
COMMENT ON COLUMN measurement_breaks.metric IS 'Metric concerned and those derived from it; *: all.';
COMMENT ON COLUMN measurement_breaks.effective_on IS 'First UTC day that is counted the new way, or that a loss concerns.';
COMMENT ON COLUMN measurement_breaks.kind IS 'counting: the rule changed; loss: events are missing; dependency: another package began to install this one; access: an interface closed; jump: all terms moved at once, cause unknown; history: commits that were published are gone; suspected: found by comparison; question: Google Trends is asked something else, and the series begins anew; any other word comes from config.toml.';
COMMENT ON COLUMN measurement_breaks.what_changed IS 'What changed, in one sentence.';
COMMENT ON COLUMN measurement_breaks.evidence IS 'Where that is known from.';
COMMENT ON COLUMN measurement_breaks.entity IS 'Framework, package or repository concerned; *: all.';
COMMENT ON COLUMN measurement_breaks.ends_on IS 'Last day of a loss that ended; NULL where the new way of counting stayed.';
