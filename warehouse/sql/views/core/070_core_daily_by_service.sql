-- Writes core.daily_by_service: every view that the catalogue names for figures by the day, one under the other. So a new
-- metric is an entry of metrics.toml and its view, and no list of views has to be kept. Rows that a file of views ends
-- with are run as statements.

SELECT 'CREATE VIEW core.daily_by_service AS ' || string_agg(
    format(
        'SELECT framework, metric, day, value, basis, service, preference FROM core."{}"', replace(name, '"', '""')
    ),
    ' UNION ALL ' ORDER BY name
) AS statement
FROM (SELECT DISTINCT days_view AS name FROM core.metrics WHERE days_view IS NOT NULL)
UNION ALL
SELECT 'COMMENT ON VIEW core.daily_by_service IS $$Every figure of a day, from every service and on every basis; the history of commits has views of its own.$$' AS statement;
