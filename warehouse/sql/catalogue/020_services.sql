CREATE TABLE core.services (
    service VARCHAR, source VARCHAR, name VARCHAR, family VARCHAR, preference INTEGER, fresh_days INTEGER, late_days INTEGER
);
COMMENT ON TABLE core.services IS 'The services of warehouse/catalogue/services.toml, which says what each column means.';
