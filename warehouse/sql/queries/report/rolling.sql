-- Rolling 12 months: every metric on the last day of the period, and the drawn curves on Sundays and month ends.
SELECT framework, metric, day, value, previous_value, change, is_comparable, reason, basis, source
FROM rolling_12_months
WHERE day BETWEEN $first_day AND $last_day
  AND (
    day = $last_day
    OR (
      metric IN ('search_interest', 'pypi_downloads', 'active_contributors', 'stars')
      AND (isodow(day) = 7 OR day = last_day(day))
    )
  )
ORDER BY framework, metric, day
