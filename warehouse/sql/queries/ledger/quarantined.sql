-- The answers that checks hold back, the newest first, whose ids begin with $beginning; one that fails several checks comes
-- once for each.
SELECT
    held.answer_id, answers.service, answers.entity, answers.collected_at, held.check_name, held.reason,
    answers.row_count, answers.window_start, answers.window_end, answers.request
FROM raw.quarantine AS held
INNER JOIN raw.answers AS answers USING (answer_id)
WHERE starts_with(held.answer_id, $beginning)
ORDER BY answers.collected_at DESC, held.answer_id, held.check_name
