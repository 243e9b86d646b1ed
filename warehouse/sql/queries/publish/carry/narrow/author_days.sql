-- Days of authors: those before the first day that is new as the last night left them, the others evaluated anew. When an
-- author began, and whether it is a person, is known from both.
CREATE TABLE evaluation.carried.author_days AS
WITH before AS (
    SELECT framework, author_key, min(first_day) AS first_day, min(first_work_day) AS first_work_day, bool_and(is_person) AS is_person
    FROM publishing.carried.author_days
    WHERE day < CAST(getvariable('git_from') AS DATE)
    GROUP BY framework, author_key
)

SELECT
    fresh.* REPLACE (
        least(fresh.first_day, before.first_day) AS first_day,
        least(fresh.first_work_day, before.first_work_day) AS first_work_day,
        fresh.is_person AND coalesce(before.is_person, true) AS is_person
    ),
    before.is_person AND NOT fresh.is_person AS is_unmasked
FROM evaluation.core.author_days AS fresh
LEFT JOIN before USING (framework, author_key);

CREATE VIEW evaluation.carried.all_author_days AS
FROM publishing.carried.author_days
WHERE day < CAST(getvariable('git_from') AS DATE)
UNION ALL
SELECT * EXCLUDE (is_unmasked) FROM evaluation.carried.author_days;

DROP TABLE evaluation.core.author_days;
CREATE VIEW evaluation.core.author_days AS FROM evaluation.carried.all_author_days
