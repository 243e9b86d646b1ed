-- Before the history of commits is evaluated: the commits of answers that the last night did not know, and from which day on
-- the history is another one: from that of the first of them, or from the first day that has become over since.
CREATE TABLE evaluation.carried.new_answers AS
SELECT answers.answer_id, answers.content_id, answers.row_type, answers.collected_at
FROM evaluation.core.current_answers AS answers
SEMI JOIN evaluation.carried.answers AS figures USING (answer_id)
ANTI JOIN publishing.carried.answers AS known USING (answer_id);

CREATE TABLE evaluation.carried.gone_answers AS
SELECT answer_id, row_type
FROM publishing.carried.answers AS known
ANTI JOIN evaluation.core.current_answers AS answers USING (answer_id);

CREATE TABLE evaluation.carried.new_contents AS
SELECT content_id, max(collected_at) AS collected_at
FROM evaluation.carried.new_answers
WHERE row_type = 'git_commits'
GROUP BY content_id;

-- Those whose rows no answer had brought before.
CREATE TABLE evaluation.carried.fresh_contents AS
SELECT contents.content_id
FROM evaluation.carried.new_contents AS contents
ANTI JOIN publishing.carried.answers AS known USING (content_id);

CREATE TABLE evaluation.carried.new_commits AS
SELECT commits.*, contents.collected_at
FROM evaluation.carried.git_commits AS commits
INNER JOIN evaluation.carried.new_contents AS contents USING (content_id);

SET VARIABLE git_from = (
    SELECT coalesce(min(day), DATE 'infinity')
    FROM (
        SELECT min(committed_on) AS day FROM evaluation.carried.new_commits
        UNION ALL
        SELECT min(before.last_day) + 1
        FROM evaluation.core.git_coverage AS coverage
        INNER JOIN publishing.carried.git_coverage AS before USING (repository)
        WHERE coverage.last_day <> before.last_day
    )
);

-- What is touched for other reasons than its own figures: all that belongs to the month of the last night, because a month
-- ends with the calendar; and what a break concerns that came, went or changed, from its first day on.
INSERT INTO evaluation.carried.touched
SELECT frameworks.framework, metrics.metric, date_trunc('month', last.as_of)
FROM evaluation.core.frameworks AS frameworks
CROSS JOIN evaluation.core.metrics AS metrics
CROSS JOIN publishing.carried.watermark AS last
UNION ALL
SELECT framework, metric, date_trunc('month', effective_on)
FROM (
    FROM (FROM evaluation.core.series_breaks EXCEPT FROM publishing.carried.series_breaks)
    UNION ALL
    FROM (FROM publishing.carried.series_breaks EXCEPT FROM evaluation.core.series_breaks)
)
UNION ALL
SELECT frameworks.framework, metrics.metric, date_trunc('month', CAST(getvariable('git_from') AS DATE))
FROM evaluation.core.frameworks AS frameworks
INNER JOIN evaluation.core.metrics AS metrics ON metrics.source = 'git_history'
WHERE isfinite(CAST(getvariable('git_from') AS DATE));

-- why_all.sql sees to it.
SET VARIABLE has_each_commit_once = true;

-- Figures that tonight's rows are made of: from 25 months before the first day that is touched, which are the 12 months to
-- it and the 12 before, and for longest_comparison the last 50 months. Means are of few rows and taken whole: added up from
-- another row on, their last digits would differ.
CREATE VIEW evaluation.carried.needed AS
SELECT
    touched.framework,
    touched.metric,
    any_value(metrics.source) = 'git_history' AS is_git,
    CASE
        WHEN any_value(metrics.aggregate) = 'mean' THEN DATE '-infinity'
        ELSE CAST(least(
            min(touched.first_day) - INTERVAL 25 MONTH, any_value(clock.as_of) - INTERVAL 50 MONTH
        ) AS DATE)
    END AS first_day
FROM evaluation.carried.touched AS touched
INNER JOIN evaluation.core.metrics AS metrics USING (metric)
CROSS JOIN evaluation.core.clock AS clock
GROUP BY touched.framework, touched.metric
