-- Who is searched for most, and is the lead more than noise?
-- Quarters; every request to Google is a sample, so the lead counts only where the bands do not touch.
WITH quarters AS (
    SELECT
        framework,
        CAST(date_trunc('quarter', week_start) AS DATE) AS quarter,
        avg(interest) AS interest,
        avg(interest_low) AS low,
        avg(interest_high) AS high,
        bool_or(is_synthetic) AS is_synthetic
    FROM search_interest_weekly
    GROUP BY framework, quarter
)

SELECT
    quarter,
    framework AS most_searched,
    round(interest, 1) AS interest,
    lead(framework) OVER ranked AS runner_up,
    round(lead(interest) OVER ranked, 1) AS interest_of_runner_up,
    low > lead(high) OVER ranked AS is_more_than_noise,
    is_synthetic
FROM quarters
WINDOW ranked AS (PARTITION BY quarter ORDER BY interest DESC, framework)
QUALIFY row_number() OVER ranked = 1
ORDER BY quarter DESC;
