-- One vocabulary: source is the name in config.toml, service is who answered. What was called source until now was the
-- service. Rows no longer repeat what their answer says.

ALTER TABLE raw.answers RENAME COLUMN source TO service;
ALTER TABLE raw.answers ADD COLUMN source VARCHAR;
ALTER TABLE raw.check_results RENAME COLUMN source TO service;
ALTER TABLE raw.check_results ADD COLUMN source VARCHAR;

CREATE TEMPORARY TABLE renamed (service VARCHAR, source VARCHAR);
INSERT INTO renamed VALUES
    ('clickpy', 'pypi_downloads'), ('pypistats', 'pypi_downloads'), ('top_pypi_packages', 'pypi_downloads'),
    ('pypi_index', 'pypi_releases'), ('git', 'git_history'), ('github', 'github_repository');
UPDATE raw.answers AS answers
SET source = coalesce((SELECT renamed.source FROM renamed WHERE renamed.service = answers.service), answers.service);
UPDATE raw.check_results AS results
SET source = coalesce((SELECT renamed.source FROM renamed WHERE renamed.service = results.service), results.service);
DROP TABLE renamed;

ALTER TABLE raw.search_points DROP COLUMN source;
ALTER TABLE raw.search_points DROP COLUMN run_id;
ALTER TABLE raw.pypi_downloads DROP COLUMN source;
ALTER TABLE raw.pypi_downloads DROP COLUMN run_id;
ALTER TABLE raw.pypi_releases DROP COLUMN source;
ALTER TABLE raw.pypi_releases DROP COLUMN run_id;
ALTER TABLE raw.git_commits DROP COLUMN source;
ALTER TABLE raw.git_commits DROP COLUMN run_id;
ALTER TABLE raw.repository_stars DROP COLUMN source;
ALTER TABLE raw.repository_stars DROP COLUMN run_id;
ALTER TABLE raw.repository_totals DROP COLUMN source;
ALTER TABLE raw.repository_totals DROP COLUMN run_id;
ALTER TABLE raw.frameworks DROP COLUMN source;
ALTER TABLE raw.frameworks DROP COLUMN run_id;
ALTER TABLE raw.framework_packages DROP COLUMN source;
ALTER TABLE raw.framework_packages DROP COLUMN run_id;
ALTER TABLE raw.breaks DROP COLUMN source;
ALTER TABLE raw.breaks DROP COLUMN run_id;
