-- What may be known on the day that is asked about. Every other view starts here, so every view answers "as of".

CREATE VIEW core.clock AS
SELECT coalesce(
    CAST(getvariable('as_of') AS DATE),
    (SELECT max(as_of) FROM raw.runs),
    (SELECT CAST(max(collected_at) AS DATE) FROM raw.answers)
) AS as_of;
COMMENT ON VIEW core.clock IS 'One row: the day as of which all views answer. SET VARIABLE as_of, else that of the last run.';

-- Of two answers collected at the same moment the one that the later run got is the more recent.
CREATE VIEW core.answers AS
WITH got AS (
    SELECT run_answers.answer_id, max(runs.run_number) AS run_number
    FROM raw.run_answers AS run_answers
    INNER JOIN raw.runs AS runs USING (run_id)
    GROUP BY run_answers.answer_id
)

SELECT
    answers.*,
    row_number() OVER (ORDER BY answers.collected_at, got.run_number NULLS FIRST, answers.answer_id) AS recency
FROM raw.answers AS answers
CROSS JOIN core.clock AS clock
LEFT JOIN got ON answers.answer_id = got.answer_id
WHERE answers.collected_at < clock.as_of + INTERVAL 1 DAY
    AND answers.collected_at < coalesce(CAST(getvariable('known_before') AS TIMESTAMP), TIMESTAMP 'infinity')
    AND NOT EXISTS (SELECT 1 FROM raw.quarantine AS held WHERE held.answer_id = answers.answer_id);
COMMENT ON VIEW core.answers IS 'Answers collected up to the end of core.clock.as_of and not held back by a check (with SET VARIABLE known_before: before that moment); recency counts up.';

CREATE VIEW core.current_answers AS
SELECT * FROM core.answers
QUALIFY recency >= coalesce(
        max(recency) FILTER (WHERE replaces_all) OVER (PARTITION BY source, entity, row_type), 0
    )
    AND recency >= coalesce(
        max(recency) FILTER (WHERE replaces_all AND row_count = 0) OVER (PARTITION BY source, entity), 0
    );
COMMENT ON VIEW core.current_answers IS 'core.answers without those that a later whole (replaces_all) of the same source, entity and row type supersedes; a whole without rows supersedes every type.';

CREATE VIEW core.calendar AS
SELECT
    day,
    greatest(
        CAST(day + INTERVAL 1 DAY - INTERVAL 12 MONTH AS DATE),
        CAST(day - INTERVAL 12 MONTH + INTERVAL 1 DAY AS DATE)
    ) AS window_start,
    greatest(
        CAST(window_start - INTERVAL 12 MONTH AS DATE),
        CAST(window_start - INTERVAL 1 DAY - INTERVAL 12 MONTH + INTERVAL 1 DAY AS DATE)
    ) AS previous_start,
    CAST(day - window_start AS INTEGER) + 1 AS window_days,
    CAST(window_start - previous_start AS INTEGER) AS previous_days,
    CAST(date_trunc('month', day) AS DATE) AS month,
    last_day(day) = day AS is_month_end
FROM (
    SELECT CAST(unnest(range(DATE '2000-01-01', clock.as_of + INTERVAL 1 DAY, INTERVAL 1 DAY)) AS DATE) AS day
    FROM core.clock AS clock
);
COMMENT ON VIEW core.calendar IS 'UTC days up to as_of and the 12 calendar months that end with each: a day d counts in the windows ending from d to before d + 12 months, so 29 February makes no window longer than a year.';

CREATE VIEW core.months AS
SELECT DISTINCT
    month,
    last_day(month) AS month_end,
    CAST(last_day(month) - month AS INTEGER) + 1 AS month_days,
    last_day(month) < clock.as_of AS is_over
FROM core.calendar
CROSS JOIN core.clock AS clock;
COMMENT ON VIEW core.months IS 'Calendar months up to as_of; a month is over when its last day is before as_of.';
