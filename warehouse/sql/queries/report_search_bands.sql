-- The band of the rolling search interest: means of the lowest and of the highest draw over the same 12 months.
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
