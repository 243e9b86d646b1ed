-- Statements that make room for what is carried over: what is touched, from which day on; what is needed to evaluate that;
-- and the rows of commits, which are narrowed for a while, under a second name.
SELECT format(
    'CREATE VIEW evaluation.carried.git_commits AS FROM "{}".raw.git_commits', replace($warehouse, '"', '""')
)
UNION ALL
SELECT 'CREATE TABLE evaluation.carried.touched (framework VARCHAR, metric VARCHAR, first_day DATE)'
