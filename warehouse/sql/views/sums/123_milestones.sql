CREATE VIEW milestones AS
-- Round numbers have one digit that is not 0.
WITH levels AS (
    SELECT digit * pow(10, power) AS level
    FROM range(1, 10) AS digits (digit)
    CROSS JOIN range(2, 13) AS powers (power)
),

-- The sums at the end of the day and of the day before it.
grown AS (
    SELECT *, lag(value, 1, 0) OVER series AS value_before, lag(low, 1, 0) OVER series AS low_before,
        lag(high, 1, 0) OVER series AS high_before
    FROM core.sums
    WINDOW series AS (PARTITION BY framework, metric, basis ORDER BY day)
),

passed AS (
    SELECT grown.framework, grown.metric, grown.basis, levels.level, grown.day AS passed_on, grown.first_day,
        grown.observed_days / grown.expected_days AS coverage, grown.service
    FROM grown
    INNER JOIN levels ON levels.level > grown.value_before AND levels.level <= grown.value
),

earliest AS (
    SELECT grown.framework, grown.metric, grown.basis, levels.level, grown.day
    FROM grown
    INNER JOIN levels ON levels.level > grown.high_before AND levels.level <= grown.high
),

latest AS (
    SELECT grown.framework, grown.metric, grown.basis, levels.level, grown.day
    FROM grown
    INNER JOIN levels ON levels.level > grown.low_before AND levels.level <= grown.low
)

SELECT
    passed.framework, passed.metric, passed.basis, passed.level, passed.passed_on, earliest.day AS earliest_on,
    latest.day AS latest_on, passed.first_day, passed.coverage,
    count(breaks.effective_on) AS breaks
FROM passed
INNER JOIN earliest USING (framework, metric, basis, level)
LEFT JOIN latest USING (framework, metric, basis, level)
LEFT JOIN (SELECT DISTINCT framework, metric, service, effective_on, what_changed FROM core.series_breaks) AS breaks
    ON passed.framework = breaks.framework
    AND passed.metric = breaks.metric
    AND passed.service = breaks.service
    AND breaks.effective_on > passed.first_day
    AND breaks.effective_on <= passed.passed_on
GROUP BY ALL;

COMMENT ON VIEW milestones IS 'The day on which the sum of a series passed each round number (one digit that is not 0, from 100 on). Grain: framework, metric, basis, level.';
COMMENT ON COLUMN milestones.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN milestones.metric IS 'Metric whose days are added up, a name in metric_definitions.';
COMMENT ON COLUMN milestones.basis IS 'What exactly was counted.';
COMMENT ON COLUMN milestones.level IS 'The round number, in the unit of the metric.';
COMMENT ON COLUMN milestones.passed_on IS 'Day at whose end the sum since first_day was at least the level, UTC.';
COMMENT ON COLUMN milestones.earliest_on IS 'The same of the highest sum that the windows allow (high in cumulative_metrics).';
COMMENT ON COLUMN milestones.latest_on IS 'The same of the lowest sum; NULL where that has not come so far.';
COMMENT ON COLUMN milestones.first_day IS 'First day with a figure, UTC: the sum begins there.';
COMMENT ON COLUMN milestones.coverage IS 'Share of the days from first_day to passed_on that were observed whole, 0-1.';
COMMENT ON COLUMN milestones.breaks IS 'How many known or suspected breaks of this series lie between the two days: the parts are not counted alike.';
