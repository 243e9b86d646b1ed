-- The raw layer: what each source said, appended, never edited.
-- Rows are kept once per content: raw.answers says who said it, when, and to which request; rows hang on content_id.
-- Their run_id is the run that brought this content first. No primary keys: store.save_answers dedupes before it inserts.

CREATE SCHEMA core;

CREATE TABLE raw.runs (
    run_id VARCHAR, run_number BIGINT, flow VARCHAR, as_of DATE, started_at TIMESTAMP, finished_at TIMESTAMP,
    status VARCHAR, error VARCHAR, program_version VARCHAR
);
CREATE TABLE raw.run_steps (
    run_id VARCHAR, source VARCHAR, entity VARCHAR, window_start DATE, window_end DATE,
    started_at TIMESTAMP, finished_at TIMESTAMP, status VARCHAR, "rows" BIGINT, error VARCHAR
);
CREATE TABLE raw.answers (
    answer_id VARCHAR, run_id VARCHAR, source VARCHAR, entity VARCHAR, row_type VARCHAR, request VARCHAR,
    window_start DATE, window_end DATE, collected_at TIMESTAMP, content_id VARCHAR, row_count BIGINT,
    replaces_all BOOLEAN, is_synthetic BOOLEAN, state VARCHAR, body_id VARCHAR
);
CREATE TABLE raw.bodies (body_id VARCHAR, body VARCHAR);

CREATE TABLE raw.search_points (
    content_id VARCHAR, source VARCHAR, run_id VARCHAR,
    term VARCHAR, bucket_start DATE, resolution VARCHAR, interest SMALLINT,
    is_below_one BOOLEAN, has_data BOOLEAN, is_partial BOOLEAN
);
CREATE TABLE raw.pypi_downloads (
    content_id VARCHAR, source VARCHAR, run_id VARCHAR,
    package VARCHAR, period_start DATE, period_end DATE, window_days SMALLINT, basis VARCHAR, downloads BIGINT
);
CREATE TABLE raw.pypi_releases (
    content_id VARCHAR, source VARCHAR, run_id VARCHAR,
    package VARCHAR, version VARCHAR, released_at TIMESTAMP, is_prerelease BOOLEAN, is_yanked BOOLEAN
);
CREATE TABLE raw.git_commits (
    content_id VARCHAR, source VARCHAR, run_id VARCHAR,
    repository VARCHAR, commit_sha VARCHAR, author_key VARCHAR, author_kind VARCHAR,
    authored_at TIMESTAMP, committed_at TIMESTAMP, is_merge BOOLEAN
);
CREATE TABLE raw.repository_stars (
    content_id VARCHAR, source VARCHAR, run_id VARCHAR, repository VARCHAR, day DATE, stars_added INTEGER
);
CREATE TABLE raw.repository_totals (
    content_id VARCHAR, source VARCHAR, run_id VARCHAR, repository VARCHAR, day DATE, stars BIGINT, forks BIGINT
);
CREATE TABLE raw.frameworks (
    content_id VARCHAR, source VARCHAR, run_id VARCHAR,
    framework VARCHAR, label VARCHAR, position SMALLINT, repository VARCHAR, search_query VARCHAR, search_match VARCHAR
);
CREATE TABLE raw.framework_packages (
    content_id VARCHAR, source VARCHAR, run_id VARCHAR,
    framework VARCHAR, package VARCHAR, role VARCHAR, since DATE, reason VARCHAR
);
CREATE TABLE raw.breaks (
    content_id VARCHAR, source VARCHAR, run_id VARCHAR,
    break_source VARCHAR, metric VARCHAR, effective_on DATE, kind VARCHAR, what_changed VARCHAR, evidence VARCHAR,
    entity VARCHAR, ends_on DATE
);
CREATE TABLE raw.quarantine (answer_id VARCHAR, run_id VARCHAR, check_name VARCHAR, reason VARCHAR);
CREATE TABLE raw.check_results (
    run_id VARCHAR, check_name VARCHAR, source VARCHAR, entity VARCHAR, status VARCHAR, detail VARCHAR
);
CREATE TABLE raw.report_issues (
    report_id VARCHAR, as_of DATE, definitions_version VARCHAR, artefact VARCHAR, sha256 VARCHAR,
    query_texts VARCHAR, recipients VARCHAR, sent_at TIMESTAMP
);
CREATE TABLE raw.secrets (name VARCHAR, value VARCHAR);
