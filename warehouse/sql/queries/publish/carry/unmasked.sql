-- Why tonight's tables cannot go on from the last night's, seen only once the new days of authors are evaluated.
SELECT DISTINCT 'an author is no person after all' AS reason
FROM evaluation.carried.author_days
WHERE is_unmasked
