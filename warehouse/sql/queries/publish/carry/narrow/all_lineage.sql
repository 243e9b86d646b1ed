-- What lineage says of new answers, of months that are chosen anew, and of search interest, whose draws are all of them new
-- or old every night; all else as the last night left it.
DROP VIEW evaluation.core.current_answers;
ALTER TABLE evaluation.core.all_current_answers RENAME TO current_answers;

CREATE TABLE evaluation.carried.lineage AS
SELECT lineage.*
FROM evaluation.main.lineage AS lineage
LEFT JOIN evaluation.carried.rechosen AS rechosen USING (framework, metric, month)
LEFT JOIN evaluation.carried.new_answers AS answers USING (answer_id)
WHERE lineage.metric = 'search_interest' OR rechosen.metric IS NOT NULL OR answers.answer_id IS NOT NULL;

DROP TABLE evaluation.main.lineage;
CREATE VIEW evaluation.main.lineage AS
SELECT lineage.*
FROM publishing.main.lineage AS lineage
ANTI JOIN evaluation.carried.rechosen USING (framework, metric, month)
ANTI JOIN evaluation.carried.new_answers USING (answer_id)
ANTI JOIN evaluation.carried.gone_answers USING (answer_id)
WHERE lineage.metric <> 'search_interest'
UNION ALL
FROM evaluation.carried.lineage
