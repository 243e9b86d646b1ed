-- Only commits from the first day on that is new, while told_commits is evaluated.
CREATE OR REPLACE VIEW evaluation.raw.git_commits AS
FROM evaluation.carried.git_commits
WHERE committed_on >= CAST(getvariable('git_from') AS DATE)
