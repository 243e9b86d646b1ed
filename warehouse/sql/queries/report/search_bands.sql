-- The band of the rolling search interest: the means of the lower and upper ends of the weekly bands over the same
-- 12 months as the figure. That is wide on purpose: an error that all weeks share does not average out.
WITH days AS (
  SELECT framework, week_start + step::INTEGER AS day, interest_low, interest_high, draws
  FROM search_interest_weekly, generate_series(0, 6) AS steps (step)
)
SELECT days.framework, ends.day, avg(days.interest_low) AS interest_low, avg(days.interest_high) AS interest_high,
       min(days.draws) AS draws
FROM core.calendar AS ends
INNER JOIN days ON days.day BETWEEN ends.window_start AND ends.day
WHERE ends.day BETWEEN $first_day AND $last_day AND (isodow(ends.day) = 7 OR ends.is_month_end)
GROUP BY days.framework, ends.day
ORDER BY days.framework, ends.day
