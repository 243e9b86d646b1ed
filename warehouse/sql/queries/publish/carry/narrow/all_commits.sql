-- All commits again.
CREATE OR REPLACE VIEW evaluation.raw.git_commits AS FROM evaluation.carried.git_commits
