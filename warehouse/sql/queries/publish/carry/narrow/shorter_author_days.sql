-- Months and 12 months of a history are made from the 25 months before what is touched; the days that longest_comparison
-- needs of twice that time are known by now.
CREATE OR REPLACE VIEW evaluation.core.author_days AS
SELECT days.*
FROM evaluation.carried.all_author_days AS days
INNER JOIN (
    SELECT touched.framework, CAST(min(touched.first_day) - INTERVAL 25 MONTH AS DATE) AS first_day
    FROM evaluation.carried.touched AS touched
    INNER JOIN evaluation.core.metrics AS metrics USING (metric)
    WHERE metrics.source = 'git_history'
    GROUP BY touched.framework
) AS needed ON days.framework = needed.framework AND days.day >= needed.first_day
