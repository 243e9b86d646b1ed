-- Quality checks that did not pass.
SELECT DISTINCT check_name, source, entity, status, detail
FROM quality_checks
WHERE status NOT IN ('passed', 'pass', 'ok')
ORDER BY check_name, source, entity, detail
