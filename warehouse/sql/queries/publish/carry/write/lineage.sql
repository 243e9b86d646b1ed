-- Bring lineage in the copy up to date.
DELETE FROM publishing.main.lineage AS lineage
WHERE metric = 'search_interest'
    OR (framework, metric, month) IN (SELECT (framework, metric, month) FROM evaluation.carried.rechosen)
    OR answer_id IN (SELECT answer_id FROM evaluation.carried.new_answers UNION ALL SELECT answer_id FROM evaluation.carried.gone_answers);

INSERT INTO publishing.main.lineage FROM evaluation.carried.lineage ORDER BY ALL
