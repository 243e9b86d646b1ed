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

-- Only days after which the sum has another first digit, or one digit more, can have passed a level: one in a hundred, and
-- DuckDB compares every other row with every level. A bit of room on both sides, because logarithms are rounded.
steps AS (
    SELECT *, greatest(before, 1) * (1 - 1e-9) AS lower_end, greatest(now, 1) * (1 + 1e-9) AS upper_end
    FROM (
        SELECT framework, metric, basis, day, 'value' AS kind, value_before AS before, value AS now FROM grown
        UNION ALL
        SELECT framework, metric, basis, day, 'low', low_before, low FROM grown
        UNION ALL
        SELECT framework, metric, basis, day, 'high', high_before, high FROM grown
    )
    WHERE 9 * floor(log10(upper_end)) + floor(upper_end / pow(10, floor(log10(upper_end))))
        > 9 * floor(log10(lower_end)) + floor(lower_end / pow(10, floor(log10(lower_end))))
),

-- The day on which each level was passed, by the sum and by its bounds.
days AS (
    SELECT
        steps.framework, steps.metric, steps.basis, levels.level,
        min(steps.day) FILTER (WHERE steps.kind = 'value') AS passed_on,
        min(steps.day) FILTER (WHERE steps.kind = 'high') AS earliest_on,
        min(steps.day) FILTER (WHERE steps.kind = 'low') AS latest_on
    FROM steps
    INNER JOIN levels ON levels.level > steps.before AND levels.level <= steps.now
    GROUP BY steps.framework, steps.metric, steps.basis, levels.level
),

passed AS (
    SELECT
        days.*, grown.first_day, grown.observed_days / grown.expected_days AS coverage, grown.service
    FROM days
    INNER JOIN grown
        ON days.framework = grown.framework
        AND days.metric = grown.metric
        AND days.basis = grown.basis
        AND days.passed_on = grown.day
)

SELECT
    passed.framework, passed.metric, passed.basis, passed.level, passed.passed_on, passed.earliest_on, passed.latest_on,
    passed.first_day, passed.coverage,
    count(breaks.effective_on) AS breaks
FROM passed
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
