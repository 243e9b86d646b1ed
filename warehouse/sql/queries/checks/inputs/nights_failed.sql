-- On how many of the four days before this run the same check failed for the same service and entity.
SELECT count(DISTINCT runs.as_of)
FROM raw.check_results AS results
INNER JOIN raw.runs AS runs USING (run_id)
INNER JOIN raw.runs AS this ON this.run_id = $run_id
WHERE results.check_name = $check_name
    AND results.service = $service
    AND results.entity = $entity
    AND results.status = 'failed'
    AND runs.as_of < this.as_of
    AND runs.as_of >= this.as_of - 4
