-- No new commit has a time that cannot be, so there are as many as there were.
DROP VIEW evaluation.core.undated_commits;
CREATE VIEW evaluation.core.undated_commits AS FROM publishing.carried.undated_commits
