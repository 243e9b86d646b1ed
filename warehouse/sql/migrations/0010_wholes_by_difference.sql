-- Of a release list, a table of breaks or a configuration only what differs from the one before is kept. Rows of such a
-- content say what came (is_gone false) and what went (is_gone true) at its step; whole_id is the content, kept in full,
-- with which the steps begin. A content that is not listed here is kept in full.
CREATE TABLE raw.content_steps (content_id VARCHAR, whole_id VARCHAR, step BIGINT);
ALTER TABLE raw.pypi_releases ADD COLUMN is_gone BOOLEAN DEFAULT false;
ALTER TABLE raw.breaks ADD COLUMN is_gone BOOLEAN DEFAULT false;
ALTER TABLE raw.frameworks ADD COLUMN is_gone BOOLEAN DEFAULT false;
ALTER TABLE raw.framework_packages ADD COLUMN is_gone BOOLEAN DEFAULT false;
