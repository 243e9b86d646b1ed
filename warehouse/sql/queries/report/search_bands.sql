-- The band of the rolling search interest: the means of the lower and upper ends of the weekly bands over the same
-- weeks as the figure: those whose middle day lies in the 12 months. That is wide on purpose: an error that all weeks
-- share does not average out. Of decimals, so that the order in which they are added up does not matter.
-- doubt: what the mean may be wrong by (variance, relative) when years on one scale are compared: there chance averages out
-- over the weeks, and rounding as far as the weeks differ by more than a step of it (the 12th of whose square is what
-- rounding is worth); where all are alike, it is wrong in all of them the same way.
SELECT weeks.framework, ends.day,
       avg(CAST(weeks.interest_low AS DECIMAL(38, 12))) AS interest_low,
       avg(CAST(weeks.interest_high AS DECIMAL(38, 12))) AS interest_high,
       min(weeks.draws) AS draws,
       round((
           sum(weeks.by_chance + weeks.lasting) / count(*) ** 2
           + avg(weeks.lasting) * coalesce(exp(-39.48 * var_pop(weeks.interest) / nullif(12 * avg(weeks.lasting), 0)), 0)
       ) / nullif(avg(weeks.interest), 0) ** 2, 12) AS doubt
FROM core.calendar AS ends
CROSS JOIN core.week AS week
INNER JOIN search_interest_weekly AS weeks ON weeks.week_start + week.days_to_middle BETWEEN ends.window_start AND ends.day
WHERE ends.day BETWEEN $first_day AND $last_day AND (isodow(ends.day) = 7 OR ends.is_month_end)
GROUP BY weeks.framework, ends.day
ORDER BY weeks.framework, ends.day
