-- What others claim of the frameworks, as config.toml quotes it: a row for each way in which a claim may be meant.
CREATE TABLE raw.claims (
    content_id VARCHAR, claim VARCHAR, quote VARCHAR, source_name VARCHAR, source_url VARCHAR, made_on DATE,
    framework VARCHAR, value BIGINT, value_low BIGINT, value_high BIGINT, begins_from DATE, begins_until DATE,
    reading VARCHAR, position BIGINT, metric VARCHAR, packages VARCHAR, first_day DATE, last_day DATE, basis VARCHAR,
    is_gone BOOLEAN DEFAULT false
);
