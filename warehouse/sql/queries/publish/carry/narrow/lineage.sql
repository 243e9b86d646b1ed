-- Only answers of which lineage says something new, while it is evaluated. Of old answers it does where a month comes to be
-- taken from another service, and in months that the calendar did not reach before.
CREATE TABLE evaluation.carried.rechosen AS
WITH before AS (
    SELECT months.framework, months.metric, months.month, months.service
    FROM publishing.main.monthly_metrics AS months
    WHERE months.source = 'pypi_downloads'
),

now AS (
    SELECT months.framework, months.metric, months.month, months.service
    FROM evaluation.main.monthly_metrics AS months
    WHERE months.source = 'pypi_downloads'
)

SELECT framework, metric, month
FROM (FROM (FROM now EXCEPT FROM before) UNION ALL FROM (FROM before EXCEPT FROM now))
UNION
SELECT metrics.framework, metrics.metric, months.month
FROM (SELECT DISTINCT framework, metric FROM evaluation.carried.touched) AS metrics
CROSS JOIN evaluation.core.months AS months
CROSS JOIN publishing.carried.watermark AS last
WHERE months.month > last.as_of;

CREATE TABLE evaluation.carried.lineage_answers AS
WITH later_rows AS (
    SELECT content_id, committed_on AS day FROM evaluation.raw.git_commits
    UNION ALL
    SELECT content_id, day FROM evaluation.raw.repository_stars
    UNION ALL
    SELECT content_id, day FROM evaluation.raw.repository_totals
    UNION ALL
    SELECT content_id, period_end FROM evaluation.raw.pypi_downloads
)

SELECT answer_id FROM evaluation.carried.new_answers
UNION
SELECT answers.answer_id
FROM evaluation.core.current_answers AS answers
SEMI JOIN evaluation.carried.answers AS figures USING (answer_id)
WHERE answers.told_to >= (SELECT min(month) FROM evaluation.carried.rechosen)
    OR answers.content_id IN (
        SELECT content_id FROM later_rows WHERE day >= (SELECT min(month) FROM evaluation.carried.rechosen)
    );

ALTER TABLE evaluation.core.current_answers RENAME TO all_current_answers;
CREATE VIEW evaluation.core.current_answers AS
FROM evaluation.core.all_current_answers
SEMI JOIN evaluation.carried.lineage_answers USING (answer_id)
