-- What may be known on the day that is asked about. Every other view starts here, so every view answers "as of".

CREATE VIEW core.clock AS
SELECT coalesce(
    CAST(getvariable('as_of') AS DATE),
    (SELECT arg_max(as_of, run_number) FROM raw.runs),
    (SELECT CAST(max(collected_at) AS DATE) FROM raw.answers)
) AS as_of;
COMMENT ON VIEW core.clock IS 'One row: the day as of which all views answer. SET VARIABLE as_of, else that of the last run.';

-- Without the long texts of an answer: who needs its request or its state joins raw.answers, else all of them would be
-- carried along wherever answers are put in order.
-- Of two answers collected at the same moment the one that the later run got is the more recent. recency is such an order
-- in one number (moment, run, beginning of the answer_id): a rank would put all answers in order
-- wherever some of them are asked for.
-- An ANTI JOIN, since DuckDB plans all that stands before a correlated NOT EXISTS twice, at each of the many uses.
CREATE VIEW core.answers AS
WITH got AS (
    SELECT run_answers.answer_id, max(runs.run_number) AS run_number
    FROM raw.run_answers AS run_answers
    INNER JOIN raw.runs AS runs USING (run_id)
    GROUP BY run_answers.answer_id
)

SELECT
    answers.* EXCLUDE (request, state, body_id),
    CAST(answers.collected_at AS DATE) - 1 AS last_whole_day,
    epoch_us(answers.collected_at) * 100000000000000000000 + coalesce(got.run_number, 0) * 10000000000
    + coalesce(TRY_CAST('0x' || left(answers.answer_id, 8) AS BIGINT), 0) AS recency
FROM raw.answers AS answers
CROSS JOIN core.clock AS clock
LEFT JOIN got ON answers.answer_id = got.answer_id
ANTI JOIN raw.quarantine AS held ON answers.answer_id = held.answer_id
WHERE answers.collected_at < clock.as_of + INTERVAL 1 DAY
    AND answers.collected_at < coalesce(CAST(getvariable('known_before') AS TIMESTAMP), TIMESTAMP 'infinity');
COMMENT ON VIEW core.answers IS 'Answers collected up to the end of core.clock.as_of and not held back by a check (with SET VARIABLE known_before: before that moment). last_whole_day: the last day that was over when the answer was made, so the last whose figures may be whole; recency counts up. The request, the state and the body of an answer are in raw.answers alone.';

CREATE VIEW core.current_answers AS
SELECT answers.*
FROM core.answers AS answers
ANTI JOIN (
    SELECT service, entity, row_type, row_count = 0 AS is_empty, max(recency) AS recency
    FROM core.answers
    WHERE replaces_all
    GROUP BY ALL
) AS wholes
    ON answers.service = wholes.service
        AND answers.entity = wholes.entity
        AND (answers.row_type = wholes.row_type OR wholes.is_empty)
        AND answers.recency < wholes.recency;
COMMENT ON VIEW core.current_answers IS 'core.answers without those that a later whole (replaces_all) of the same service, entity and row type supersedes; a whole without rows supersedes every type.';

-- Rows of a table by content: those whose content_id is one of its parts, of a row told several times the last part's.
CREATE VIEW core.content_parts AS
WITH steps AS (
    SELECT content_id, whole_id, step FROM raw.content_steps
    UNION ALL
    SELECT DISTINCT whole_id, whole_id, 0 FROM raw.content_steps
)

SELECT later.content_id, earlier.content_id AS part_id, earlier.step
FROM steps AS later
INNER JOIN steps AS earlier ON later.whole_id = earlier.whole_id AND later.step >= earlier.step
UNION ALL
SELECT DISTINCT answers.content_id, answers.content_id AS part_id, 0 AS step
FROM raw.answers AS answers
WHERE answers.row_type IN ('pypi_releases', 'breaks', 'frameworks', 'framework_packages', 'claims', 'git_people')
    AND answers.content_id NOT IN (SELECT content_id FROM steps);
COMMENT ON VIEW core.content_parts IS 'What a release list, a table of breaks or a configuration is made from: the rows under part_id, in the order of step. Of a row that several parts tell, the last one says whether it is there or is_gone. Grain: content_id, part_id.';

CREATE VIEW core.current_parts AS
SELECT parts.content_id, parts.part_id, parts.step, answers.row_type, answers.recency
FROM core.content_parts AS parts
INNER JOIN (
    SELECT content_id, row_type, max(recency) AS recency FROM core.current_answers GROUP BY content_id, row_type
) AS answers ON parts.content_id = answers.content_id;
COMMENT ON VIEW core.current_parts IS 'core.content_parts of core.current_answers, with the recency of the last answer of this content.';

CREATE VIEW core.runs AS
SELECT runs.*, row_number() OVER (ORDER BY runs.run_number DESC) - 1 AS runs_ago
FROM raw.runs AS runs
CROSS JOIN core.clock AS clock
WHERE runs.as_of <= clock.as_of;
COMMENT ON VIEW core.runs IS 'Runs up to as_of in the order they began; the last run has runs_ago = 0.';
