-- Statements that bring what the program did itself up to date in a prepared copy: the tables of the ledger, and then the
-- public tables that are made from nothing else.
SELECT statement
FROM (
    SELECT
        0 AS step,
        name,
        format(
            'DELETE FROM publishing.raw."{1}" AS kept WHERE hash(kept) NOT IN (SELECT hash(told) FROM "{0}".raw."{1}" AS told); '
            || 'INSERT INTO publishing.raw."{1}" FROM "{0}".raw."{1}" AS told '
            || 'WHERE hash(told) NOT IN (SELECT hash(kept) FROM publishing.raw."{1}" AS kept)',
            replace($warehouse, '"', '""'), name
        ) AS statement
    FROM (SELECT unnest(['runs', 'run_steps', 'check_results', 'report_issues', 'deliveries', 'list_states']) AS name)
    UNION ALL
    SELECT
        1,
        name,
        format(
            'DELETE FROM publishing.main."{0}" AS kept WHERE hash(kept) NOT IN (SELECT hash(told) FROM publishing.history."{0}" AS told); '
            || 'INSERT INTO publishing.main."{0}" FROM publishing.history."{0}" AS told '
            || 'WHERE hash(told) NOT IN (SELECT hash(kept) FROM publishing.main."{0}" AS kept) ORDER BY ALL',
            name
        )
    FROM (SELECT unnest(['collection_runs', 'quality_checks', 'report_issues']) AS name)
)
ORDER BY step, name
