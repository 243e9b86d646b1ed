-- Why a number of contributors is not another one, step by step.
SELECT framework, step, name, people, difference, explanation
FROM contributor_ladder
ORDER BY step, framework
