-- Statements that bring what the program did itself up to date in a prepared copy: the tables of the ledger, and then the
-- public tables that are made from nothing else.
SELECT statement
FROM (
    SELECT
        0 AS step,
        name,
        format('DELETE FROM publishing.raw."{1}"; INSERT INTO publishing.raw."{1}" FROM "{0}".raw."{1}"',
            replace($warehouse, '"', '""'), name) AS statement
    FROM (SELECT unnest(['runs', 'run_steps', 'check_results', 'report_issues', 'deliveries', 'list_states']) AS name)
    UNION ALL
    SELECT
        1,
        name,
        format('DELETE FROM publishing.main."{0}"; INSERT INTO publishing.main."{0}" FROM publishing.history."{0}" ORDER BY ALL', name)
    FROM (SELECT unnest(['collection_runs', 'quality_checks', 'report_issues']) AS name)
)
ORDER BY step, name
