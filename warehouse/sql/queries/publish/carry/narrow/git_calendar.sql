-- The days of the histories and of authors that tonight's rows are made of.
CREATE TABLE evaluation.carried.git_calendar AS
SELECT calendar.*
FROM evaluation.core.git_calendar AS calendar
INNER JOIN (
    SELECT framework, min(first_day) AS first_day FROM evaluation.carried.needed WHERE is_git GROUP BY framework
) AS needed ON calendar.framework = needed.framework AND calendar.day >= needed.first_day;

DROP VIEW evaluation.core.git_calendar;
CREATE VIEW evaluation.core.git_calendar AS FROM evaluation.carried.git_calendar;

CREATE OR REPLACE VIEW evaluation.core.author_days AS
SELECT days.*
FROM evaluation.carried.all_author_days AS days
INNER JOIN (
    SELECT framework, min(first_day) AS first_day FROM evaluation.carried.needed WHERE is_git GROUP BY framework
) AS needed ON days.framework = needed.framework AND days.day >= needed.first_day
