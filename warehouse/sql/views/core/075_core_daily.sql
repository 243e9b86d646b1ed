CREATE VIEW core.daily AS
SELECT framework, metric, day, value, basis, service
FROM core.daily_by_service
QUALIFY row_number() OVER (PARTITION BY framework, metric, day ORDER BY preference, basis) = 1;
COMMENT ON VIEW core.daily IS 'The figure of the preferred service and basis of each day.';
