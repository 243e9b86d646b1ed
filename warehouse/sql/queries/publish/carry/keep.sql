-- The statement that computes what a view of "what the next night compares with" says, and puts it in the place of the view.
SELECT format(
    'CREATE TABLE evaluation.carried.being_kept AS FROM evaluation.carried."{0}"; DROP VIEW evaluation.carried."{0}"; '
    || 'ALTER TABLE evaluation.carried.being_kept RENAME TO "{0}"',
    name
)
FROM (SELECT unnest($names) AS name)
