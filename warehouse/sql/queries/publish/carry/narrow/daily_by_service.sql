-- Which series say something else than the last night, from which month on. A month of a service is also touched where the
-- service ended: what comes after it may make its gaps final.
INSERT INTO evaluation.carried.touched
SELECT
    framework,
    metric,
    least(
        min(month) FILTER (WHERE now.fingerprint IS DISTINCT FROM before.fingerprint),
        max(month) FILTER (WHERE now.fingerprint IS NOT NULL),
        max(month) FILTER (WHERE before.fingerprint IS NOT NULL)
    )
FROM evaluation.carried.months AS now
FULL JOIN publishing.carried.months AS before USING (framework, metric, kind, service, basis, month)
GROUP BY framework, metric, kind, service, basis
HAVING bool_or(now.fingerprint IS DISTINCT FROM before.fingerprint);

-- All that is touched is known now.
CREATE TABLE evaluation.carried.first_touched AS
SELECT framework, metric, min(first_day) AS first_day
FROM evaluation.carried.touched
GROUP BY framework, metric;

-- The figures that tonight's rows are made of, and those of the last week with one before these, for what is known of a
-- series that paused.
CREATE TABLE evaluation.carried.daily_by_service AS
WITH paused AS (
    SELECT days.framework, days.metric, max(days.day) AS last_day
    FROM evaluation.core.daily_by_service AS days
    INNER JOIN evaluation.carried.needed AS needed
        ON days.framework = needed.framework AND days.metric = needed.metric AND days.day < needed.first_day
    GROUP BY days.framework, days.metric
)

SELECT days.*
FROM evaluation.core.daily_by_service AS days
INNER JOIN evaluation.carried.needed AS needed
    ON days.framework = needed.framework AND days.metric = needed.metric
LEFT JOIN paused ON days.framework = paused.framework AND days.metric = paused.metric
WHERE days.day >= needed.first_day OR days.day > paused.last_day - 7;

DROP VIEW evaluation.core.daily_by_service;
CREATE VIEW evaluation.core.daily_by_service AS FROM evaluation.carried.daily_by_service
