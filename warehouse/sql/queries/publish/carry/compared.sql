-- What the next night compares with, to know what is new.

CREATE SCHEMA evaluation.carried;

-- All that config.toml says of what is tracked, as texts.
CREATE VIEW evaluation.carried.configuration AS
SELECT list(entry ORDER BY entry) AS configuration
FROM (
    SELECT CAST(frameworks AS VARCHAR) AS entry FROM evaluation.core.frameworks AS frameworks
    UNION ALL
    SELECT CAST(packages AS VARCHAR) FROM evaluation.core.framework_packages AS packages
);

-- The answers that figures by the day are made of.
CREATE VIEW evaluation.carried.answers AS
SELECT answer_id, content_id, row_type
FROM evaluation.core.current_answers
WHERE row_type IN ('git_commits', 'pypi_downloads', 'repository_stars', 'repository_totals');

CREATE VIEW evaluation.carried.git_coverage AS FROM evaluation.core.git_coverage;

CREATE VIEW evaluation.carried.undated_commits AS FROM evaluation.core.undated_commits;

CREATE VIEW evaluation.carried.series_breaks AS FROM evaluation.core.series_breaks;

-- What each series of a service says in a month, as one number: where that is the same, its figures are.
CREATE VIEW evaluation.carried.months AS
SELECT
    framework, metric, 'days' AS kind, service, basis, CAST(date_trunc('month', day) AS DATE) AS month,
    sum(CAST(hash(day, value, preference) AS HUGEINT)) AS fingerprint
FROM evaluation.core.daily_by_service
GROUP BY ALL
UNION ALL
SELECT
    framework, metric, 'totals' AS kind, service, basis, month,
    sum(CAST(hash(value, daily_mean, observed_days, is_whole, preference) AS HUGEINT)) AS fingerprint
FROM evaluation.core.download_months
GROUP BY ALL;

CREATE VIEW evaluation.carried.watermark AS
SELECT
    CAST(getvariable('made_by') AS VARCHAR) AS made_by,
    clock.as_of,
    configuration.configuration,
    CAST(getvariable('has_each_commit_once') AS BOOLEAN) AS has_each_commit_once
FROM evaluation.core.clock AS clock
CROSS JOIN evaluation.carried.configuration AS configuration
