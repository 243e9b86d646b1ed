-- Whether an earlier answer about the stars of a repository still waits for its checks, and whether a later one is there.
SELECT
    coalesce(bool_or(answers.collected_at < $at AND EXISTS (
        FROM raw.run_answers AS got
        WHERE got.answer_id = answers.answer_id AND got.run_id NOT IN (SELECT run_id FROM raw.check_results)
    )), false) AS is_unsettled,
    coalesce(bool_or(answers.collected_at >= $at), false) AS is_late
FROM raw.answers AS answers
WHERE answers.service = $service
    AND answers.entity = $entity
    AND answers.row_type IN ('repository_stars', '')
