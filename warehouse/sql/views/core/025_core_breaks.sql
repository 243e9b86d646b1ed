-- Days from which a source counts differently, and which series each of them concerns.

CREATE VIEW core.breaks AS
WITH told AS (
    SELECT DISTINCT break_source, metric, effective_on, kind, what_changed, evidence, entity, ends_on
    FROM (
        SELECT
            parts.content_id, breaks.break_source, breaks.metric, breaks.effective_on, breaks.kind, breaks.what_changed,
            breaks.evidence, breaks.entity, breaks.ends_on
        FROM raw.breaks AS breaks
        INNER JOIN core.current_parts AS parts ON breaks.content_id = parts.part_id
        WHERE parts.row_type = 'breaks'
        GROUP BY ALL
        HAVING NOT arg_max(breaks.is_gone, parts.step)
    )
)

FROM told
UNION ALL BY NAME
SELECT
    'pypi' AS break_source,
    'pypi_downloads' AS metric,
    packages.since AS effective_on,
    'dependency' AS kind,
    string_agg(packages.package, ' and ' ORDER BY packages.package) || ' began to install ' || packages.framework
        || ' as a dependency' AS what_changed,
    'config.toml: required_by and required_by_since of ' || packages.framework AS evidence,
    packages.framework AS entity,
    CAST(NULL AS DATE) AS ends_on
FROM core.framework_packages AS packages
ANTI JOIN told
    ON packages.framework = told.entity AND packages.since = told.effective_on AND told.kind = 'dependency'
WHERE packages.role = 'requires' AND packages.since IS NOT NULL
GROUP BY packages.framework, packages.since
UNION ALL BY NAME
-- Days of which a history lost commits; the same may be lost again after it had come back.
SELECT
    results.service AS break_source,
    '*' AS metric,
    results.first_day AS effective_on,
    'history' AS kind,
    results.detail AS what_changed,
    'quality check ' || results.check_name || ' of ' || max(runs.as_of) || ', told on a third day' AS evidence,
    results.entity,
    max(results.last_day) AS ends_on
FROM raw.check_results AS results
INNER JOIN raw.runs AS runs USING (run_id)
CROSS JOIN core.clock AS clock
WHERE results.check_name = 'other_history' AND results.status = 'believed' AND runs.as_of <= clock.as_of
GROUP BY results.service, results.check_name, results.first_day, results.detail, results.entity
UNION ALL BY NAME
-- The published series is of one question, so such a day breaks no window of it; it parts this series from earlier reports.
SELECT
    'google_trends' AS break_source,
    'search_interest' AS metric,
    asked_on AS effective_on,
    'question' AS kind,
    'Google Trends is asked another question (place|span|match|category|property): ' || question || ' in place of '
        || question_before AS what_changed,
    'config.toml: [sources.google_trends]' AS evidence,
    '*' AS entity,
    CAST(NULL AS DATE) AS ends_on
FROM core.search_question_changes;
COMMENT ON VIEW core.breaks IS 'Days from which a source counts differently: those that ship, those of config.toml, the dependencies that config.toml names, histories of commits that were replaced, and changes of the question that Google Trends is asked.';

CREATE VIEW core.series_breaks AS
SELECT DISTINCT
    frameworks.framework, metrics.metric, services.service, breaks.effective_on, breaks.ends_on, breaks.what_changed,
    breaks.kind = 'suspected' AS is_suspected, breaks.break_source, breaks.metric AS break_metric, breaks.entity,
    breaks.kind
FROM core.breaks AS breaks
INNER JOIN core.services AS services
    ON breaks.break_source IN ('*', services.service, services.family, services.source)
INNER JOIN core.metrics AS metrics
    ON services.source = metrics.source AND breaks.metric IN ('*', metrics.metric, metrics.base_metric)
INNER JOIN core.frameworks AS frameworks
    ON breaks.entity IN ('*', frameworks.framework, frameworks.repository)
    OR EXISTS (
        SELECT 1 FROM core.framework_packages AS packages
        WHERE packages.framework = frameworks.framework
            AND packages.role = 'counted'
            AND packages.package = breaks.entity
    )
WHERE breaks.kind <> 'question';
COMMENT ON VIEW core.series_breaks IS 'The one place that says which breaks touch which series: by framework, metric and service; the other columns are those of the break.';

-- In config.toml a break that ended is a loss. A mean is one of weeks, told on their middle days.
CREATE VIEW core.lost_days AS
SELECT DISTINCT
    breaks.framework, breaks.metric, breaks.service,
    CASE metrics.figure_days WHEN 1 THEN calendar.day ELSE calendar.middle_of_week END AS day
FROM core.series_breaks AS breaks
INNER JOIN core.metrics AS metrics USING (metric)
INNER JOIN core.calendar AS calendar ON calendar.day BETWEEN breaks.effective_on AND breaks.ends_on
WHERE breaks.kind IN ('loss', 'own');
COMMENT ON VIEW core.lost_days IS 'Days on which a service lost a part of the events of a series, which has a figure there that is too low: for means the middle days of the weeks that such days lie in.';
