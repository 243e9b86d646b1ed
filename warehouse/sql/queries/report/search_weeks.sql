-- Search interest week by week: the mean of all draws and its 95 % band.
SELECT framework, week_start, interest, interest_low, interest_high, draws, is_synthetic
FROM search_interest_weekly
WHERE week_start BETWEEN $first_day AND $last_day
ORDER BY framework, week_start
