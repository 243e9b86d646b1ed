-- Days, months and the 12 months that end with a day. warehouse/calendar.py does the same in Python.

-- A week belongs to the month, and to the 12 months, that hold its middle day.
CREATE VIEW core.week AS SELECT DATE '1970-12-27' AS first_day, 3 AS days_to_middle;
COMMENT ON VIEW core.week IS 'One row: weeks begin on Sunday, as the one of first_day did, and days_to_middle later is their middle day, Wednesday.';

-- Clocks that were never set begin with 1970; nobody kept versions of anything before 1972.
CREATE VIEW core.first_possible_day AS SELECT DATE '1971-01-01' AS day;
COMMENT ON VIEW core.first_possible_day IS 'One row: no figure is older. What claims to be has a time that cannot be.';

CREATE VIEW core.calendar AS
SELECT
    day,
    greatest(
        CAST(day + INTERVAL 1 DAY - INTERVAL 12 MONTH AS DATE),
        CAST(day - INTERVAL 12 MONTH + INTERVAL 1 DAY AS DATE)
    ) AS window_start,
    greatest(
        CAST(window_start - INTERVAL 12 MONTH AS DATE),
        CAST(window_start - INTERVAL 1 DAY - INTERVAL 12 MONTH + INTERVAL 1 DAY AS DATE)
    ) AS previous_start,
    CAST(day - window_start AS INTEGER) + 1 AS window_days,
    CAST(window_start - previous_start AS INTEGER) AS previous_days,
    day - CAST((day - week_start) % 7 AS INTEGER) + days_to_middle AS middle_of_week,
    day = middle_of_week AS is_middle_of_week,
    CAST(
        7 * ((day - week_start - days_to_middle) // 7 - (window_start - 1 - week_start - days_to_middle) // 7) AS INTEGER
    ) AS window_week_days,
    CAST(date_trunc('month', day) AS DATE) AS month,
    last_day(day) = day AS is_month_end
FROM (
    SELECT
        CAST(unnest(range(first.day, clock.as_of + INTERVAL 1 DAY, INTERVAL 1 DAY)) AS DATE) AS day,
        week.first_day AS week_start,
        week.days_to_middle
    FROM core.clock AS clock
    CROSS JOIN core.first_possible_day AS first
    CROSS JOIN core.week AS week
);
COMMENT ON VIEW core.calendar IS 'UTC days from core.first_possible_day to as_of and the 12 calendar months that end with each: a day d counts in the windows ending from d to before d + 12 months, so 29 February makes no window longer than a year.';

CREATE VIEW core.months AS
SELECT DISTINCT
    month,
    last_day(month) AS month_end,
    CAST(last_day(month) - month AS INTEGER) + 1 AS month_days,
    CAST(
        7 * (
            (last_day(month) - week.first_day - week.days_to_middle) // 7
            - (month - 1 - week.first_day - week.days_to_middle) // 7
        ) AS INTEGER
    ) AS month_week_days,
    last_day(month) < clock.as_of AS is_over
FROM core.calendar
CROSS JOIN core.week AS week
CROSS JOIN core.clock AS clock;
COMMENT ON VIEW core.months IS 'Calendar months up to as_of; a month is over when its last day is before as_of.';
