-- The day on which the first answer was collected; before it nothing was known.
SELECT CAST(min(collected_at) AS DATE) FROM raw.answers
