-- The band of the rolling search interest: the means of the lower and upper ends of the weekly bands over the same
-- weeks as the figure: those whose middle day lies in the 12 months. That is wide on purpose: an error that all weeks
-- share does not average out.
SELECT weeks.framework, ends.day, avg(weeks.interest_low) AS interest_low, avg(weeks.interest_high) AS interest_high,
       min(weeks.draws) AS draws
FROM core.calendar AS ends
INNER JOIN search_interest_weekly AS weeks ON weeks.week_start + 3 BETWEEN ends.window_start AND ends.day
WHERE ends.day BETWEEN $first_day AND $last_day AND (isodow(ends.day) = 7 OR ends.is_month_end)
GROUP BY weeks.framework, ends.day
ORDER BY weeks.framework, ends.day
