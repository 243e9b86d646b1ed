-- What is worth knowing of the sources and is no failure: what an answer gives cause to look at, and what comes later.
CREATE VIEW source_notes AS
-- Each draw of the last time that Google answered, one a group of terms.
WITH last_draws AS (
    SELECT last.source, last.service, last.entity, told.state
    FROM (
        SELECT answer_id, source, service, entity
        FROM core.answers
        WHERE service = 'google_trends'
        QUALIFY collected_at = max(collected_at) OVER ()
    ) AS last
    INNER JOIN raw.answers AS told USING (answer_id)
),

-- What the index last said of each package, its status among it where that is not "active".
projects AS (
    SELECT last.source, last.service, last.entity, json_extract_string(told.state, '$.project_status') AS status
    FROM (
        SELECT answers.answer_id, answers.source, answers.service, answers.entity
        FROM core.answers AS answers
        INNER JOIN (SELECT DISTINCT package FROM core.framework_packages) AS packages ON answers.entity = packages.package
        WHERE answers.service = 'pypi_index'
        QUALIFY row_number() OVER (PARTITION BY answers.entity ORDER BY answers.recency DESC) = 1
    ) AS last
    INNER JOIN raw.answers AS told USING (answer_id)
),

-- How far back the stars of a repository are known; they are read from the newest week back, as far as an hour allows.
histories AS (
    SELECT
        answers.source,
        answers.service,
        answers.entity,
        min(answers.window_start) AS first_day,
        bool_or(json_exists(told.state, '$.history_begins') OR answers.replaces_all) AS is_whole
    FROM core.answers AS answers
    INNER JOIN raw.answers AS told USING (answer_id)
    INNER JOIN core.frameworks AS frameworks ON answers.entity = frameworks.repository
    WHERE answers.service = 'github' AND answers.row_type = 'repository_stars'
    GROUP BY answers.source, answers.service, answers.entity
)

SELECT source, service, entity, 'doubt' AS kind, unnest(from_json(json_extract(state, '$.notes'), '["VARCHAR"]')) AS note
FROM last_draws
WHERE json_exists(state, '$.notes')
UNION ALL BY NAME
SELECT
    source, service, entity, 'to_come' AS kind,
    format('stars before {} are still to come, a part each night', coalesce(CAST(first_day AS VARCHAR), 'the last weeks')) AS note
FROM histories
WHERE NOT is_whole
UNION ALL BY NAME
SELECT
    'git_history' AS source, 'git' AS service, frameworks.repository AS entity, 'doubt' AS kind,
    CASE undated.commits
        WHEN 1 THEN '1 commit has a time that cannot be and counts in no figure'
        ELSE format('{} commits have a time that cannot be and count in no figure', undated.commits)
    END AS note
FROM core.undated_commits AS undated
INNER JOIN core.frameworks AS frameworks USING (framework)
UNION ALL BY NAME
-- Two services that count the same differently, each pair of them once, of the month that differs most.
SELECT
    services.source, service, package AS entity, 'doubt' AS kind,
    format(
        '{} counts {:+.1f} % of what {} does, basis {}, {}: {}', other_service, 100 * difference, service, basis,
        strftime(month, '%Y-%m'), likely_cause
    ) AS note
FROM download_differences
INNER JOIN core.services AS services USING (service)
WHERE likely_cause IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY package, basis, service, other_service ORDER BY abs(difference) DESC, month) = 1
UNION ALL BY NAME
SELECT source, service, entity, 'doubt' AS kind, format('{} is {} on the package index', entity, status) AS note
FROM projects
WHERE status IS NOT NULL;

COMMENT ON VIEW source_notes IS 'What is worth knowing of the sources and is no failure. Grain: source, entity, note.';
COMMENT ON COLUMN source_notes.source IS 'Name of the source in config.toml.';
COMMENT ON COLUMN source_notes.service IS 'Service that answered.';
COMMENT ON COLUMN source_notes.entity IS 'What was asked about: a package, a repository, or the search terms of one request, joined by +.';
COMMENT ON COLUMN source_notes.kind IS 'doubt: what an answer gives cause to look at; to_come: what later nights bring.';
COMMENT ON COLUMN source_notes.note IS 'One plain line.';
