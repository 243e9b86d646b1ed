-- Quality checks that did not pass.
SELECT DISTINCT check_name, service, entity, status, detail
FROM quality_checks
WHERE status <> 'passed'
ORDER BY check_name, service, entity, detail
