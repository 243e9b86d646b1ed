-- The band of the rolling search interest: the means of the lower and upper ends of the weekly bands over the same
-- 12 months. That is wide on purpose: an error that all weeks share does not average out.
WITH days AS (
  SELECT framework, week_start + step::INTEGER AS day, interest_low, interest_high, draws
  FROM search_interest_weekly, generate_series(0, 6) AS steps (step)
  WHERE week_start BETWEEN $first_day - INTERVAL 13 MONTHS AND $last_day
),
rolling AS (
  SELECT framework, day, min(draws) OVER year AS draws,
         avg(interest_low) OVER year AS interest_low, avg(interest_high) OVER year AS interest_high
  FROM days
  WINDOW year AS (
    PARTITION BY framework ORDER BY day RANGE BETWEEN INTERVAL 12 MONTHS PRECEDING AND CURRENT ROW
  )
)
SELECT framework, day::DATE AS day, interest_low, interest_high, draws
FROM rolling
WHERE day BETWEEN $first_day AND $last_day AND (isodow(day) = 7 OR day = last_day(day))
ORDER BY framework, day
