-- Rolling 12 months: every metric on the last day of the period, and the drawn curves on Sundays and month ends.
SELECT framework, metric, day, value, previous_value, change, is_comparable, reason, basis, service
FROM rolling_12_months
WHERE day BETWEEN $first_day AND $last_day
  AND (
    day = $last_day
    OR (
      list_contains($drawn, metric)
      AND (isodow(day) = 7 OR day = last_day(day))
    )
  )
ORDER BY framework, metric, day
