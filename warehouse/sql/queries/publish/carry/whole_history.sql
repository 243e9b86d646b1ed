-- What the next night has to know of the histories of commits, where all of them were evaluated.
CREATE TABLE evaluation.carried.author_days AS FROM evaluation.core.author_days;

SET VARIABLE has_each_commit_once = (
    SELECT count(*) = count(DISTINCT (commits.repository, commits.commit_key))
    FROM evaluation.raw.git_commits AS commits
    SEMI JOIN evaluation.carried.answers AS answers
        ON commits.content_id = answers.content_id AND answers.row_type = 'git_commits'
)
