-- Search interest a week, of the frameworks and of the control; synthetic figures have nothing to be suspected of.
SELECT
    framework, week_start, CAST(week_start + INTERVAL 6 DAY AS DATE) AS week_end, interest, false AS is_control
FROM core.search_weeks
WHERE NOT is_synthetic
UNION ALL
SELECT term, week_start, CAST(week_start + INTERVAL 6 DAY AS DATE), interest, true
FROM core.search_control
WHERE NOT is_synthetic
ORDER BY is_control, framework, week_start
