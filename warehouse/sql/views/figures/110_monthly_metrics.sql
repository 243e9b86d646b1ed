CREATE VIEW monthly_metrics AS
-- Of each month the figure of the service and basis that has it whole, the preferred one first.
WITH chosen AS (
    SELECT *
    FROM core.month_candidates
    QUALIFY row_number() OVER (
        PARTITION BY framework, metric, month ORDER BY is_whole DESC, preference, basis
    ) = 1
)

SELECT
    chosen.framework,
    chosen.metric,
    chosen.month,
    chosen.value,
    chosen.daily_mean,
    chosen.observed_days / chosen.expected_days AS coverage,
    months.is_over AND chosen.is_whole AS is_complete,
    chosen.basis,
    services.source,
    chosen.observed_days,
    chosen.expected_days,
    CASE
        WHEN NOT months.is_over THEN 'running'
        WHEN chosen.is_whole THEN 'complete'
        WHEN NOT chosen.has_arrived THEN 'late'
        ELSE 'gaps'
    END AS state,
    chosen.service
FROM chosen
INNER JOIN core.months AS months USING (month)
INNER JOIN core.services AS services USING (service);

COMMENT ON VIEW monthly_metrics IS 'Every metric by the calendar month, UTC. Grain: framework, metric, month. The month of as_of is there, not complete. A month without a row was not observed; of totals over windows at least half a month has to be.';
COMMENT ON COLUMN monthly_metrics.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN monthly_metrics.metric IS 'Name in metric_definitions, which has unit, definition and caveat.';
COMMENT ON COLUMN monthly_metrics.month IS 'First day of the month.';
COMMENT ON COLUMN monthly_metrics.value IS 'Sum of the observed days for counts, mean for search interest, last reading for totals, distinct people for contributors. For totals over windows: daily_mean times the days of the month.';
COMMENT ON COLUMN monthly_metrics.daily_mean IS 'Mean of the observed days, for counts: months differ in length. NULL for the other metrics.';
COMMENT ON COLUMN monthly_metrics.coverage IS 'Share of the days of the month that were observed whole, 0-1: days on which the service lost events do not count.';
COMMENT ON COLUMN monthly_metrics.is_complete IS 'The month is over and every day of it was observed; for search interest every week whose Wednesday lies in it; for totals over windows nine tenths of it, for totals on a day its last day. Only complete months may be compared.';
COMMENT ON COLUMN monthly_metrics.basis IS 'What exactly was counted. Figures on two bases are not comparable.';
COMMENT ON COLUMN monthly_metrics.source IS 'Source in config.toml; joins collection_runs, freshness and lineage.';
COMMENT ON COLUMN monthly_metrics.observed_days IS 'Days of the month that were observed whole.';
COMMENT ON COLUMN monthly_metrics.expected_days IS 'Days of the month; for search interest those of the whole weeks whose Wednesday lies in it.';
COMMENT ON COLUMN monthly_metrics.state IS 'complete; running: the month is not over; late: the source has not come to its end yet; gaps: days inside it are missing, or the service lost events on them.';
COMMENT ON COLUMN monthly_metrics.service IS 'Service that answered: the preferred one that has the whole month.';
