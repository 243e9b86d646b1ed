CREATE VIEW cumulative_metrics AS
SELECT
    sums.framework,
    sums.metric,
    sums.basis,
    sums.day,
    sums.value,
    sums.low,
    sums.high,
    sums.first_day,
    sums.observed_days / sums.expected_days AS coverage,
    metrics.adds_up_to AS label,
    sums.service
FROM core.sums AS sums
INNER JOIN core.metrics AS metrics USING (metric)
INNER JOIN (
    SELECT framework, metric, basis, max(day) AS day
    FROM core.sums
    GROUP BY framework, metric, basis, date_trunc('month', day)
) AS lasts
    ON sums.framework = lasts.framework AND sums.metric = lasts.metric AND sums.basis = lasts.basis AND sums.day = lasts.day;

COMMENT ON VIEW cumulative_metrics IS 'All that was counted up to the end of a month, and of the last day that there is: downloads in all, contributors ever. Grain: framework, metric, basis, day. What was counted since a day is the difference of two rows; a day inside a month: [[claims]] in config.toml, or daily_metrics.';
COMMENT ON COLUMN cumulative_metrics.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN cumulative_metrics.metric IS 'Metric whose days are added up, a name in metric_definitions: new_contributors make the contributors ever.';
COMMENT ON COLUMN cumulative_metrics.basis IS 'What exactly was counted. Each basis is added up for itself.';
COMMENT ON COLUMN cumulative_metrics.day IS 'Last day that is counted, UTC: that of its month with a figure.';
COMMENT ON COLUMN cumulative_metrics.value IS 'Sum from first_day to day in the unit of the metric. Of downloads that come as totals over windows each window is spread evenly over its days and windows that overlap are averaged; up to a month without figures is taken to be as the day before it.';
COMMENT ON COLUMN cumulative_metrics.low IS 'The least it can be by how windows are read: of those that overlap the lowest, nothing on days without figures.';
COMMENT ON COLUMN cumulative_metrics.high IS 'The most it can be by how windows are read.';
COMMENT ON COLUMN cumulative_metrics.first_day IS 'First day with a figure, UTC. What was before is not known; of a history of commits there was nothing.';
COMMENT ON COLUMN cumulative_metrics.coverage IS 'Share of the days since first_day that were observed whole, 0-1.';
COMMENT ON COLUMN cumulative_metrics.label IS 'What the sum is, for people.';
COMMENT ON COLUMN cumulative_metrics.service IS 'Service that answered for the last day.';
