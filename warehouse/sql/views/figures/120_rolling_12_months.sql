CREATE VIEW rolling_12_months AS
-- What a window lacks, in words; {} stands for the window, which may be this one or the one before.
WITH years AS MATERIALIZED (
    SELECT
        *,
        CASE WHEN NOT is_seen_whole THEN
            CASE
                WHEN incomplete_months IS NULL
                    THEN format('{} of the {} days of {{}} were observed', observed_days, expected_days)
                ELSE format(
                    '{} of {{}} {} not complete, with {} of the {} days observed',
                    incomplete_months, CASE incomplete_months WHEN 1 THEN 'is' ELSE 'are' END, observed_days, expected_days
                )
            END || CASE WHEN observed_days < seen_days THEN ' whole.' ELSE '.' END
        END AS lack
    FROM core.years
),

-- Each window beside the one that ends on the day before it begins, and why the two cannot be compared.
compared AS MATERIALIZED (
    SELECT
        years.*,
        previous.value AS previous_value,
        CASE
            WHEN years.seen_days = 0 AND years.expected_days = 1 THEN 'There is no reading on this day.'
            WHEN NOT years.is_seen_whole THEN format(years.lack, 'these 12 months')
            WHEN years.service = 'git' AND years.same_since > years.previous_start
                THEN format('The history begins on {}, later than the 12 months before.', years.same_since)
            WHEN coalesce(previous.seen_days, 0) = 0 AND years.expected_days = 1
                THEN format('There is no reading on {}, 12 months before.', years.window_start - 1)
            WHEN coalesce(previous.seen_days, 0) = 0 THEN 'Nothing was observed in the 12 months before.'
            WHEN NOT previous.is_seen_whole THEN format(previous.lack, 'the 12 months before')
            WHEN years.same_since > years.previous_start
                THEN format('Source or basis is another one since {}: now {}, {}.', years.same_since, years.service, years.basis)
            WHEN previous.value = 0 THEN 'The 12 months before count none.'
        END AS reason
    FROM years
    LEFT JOIN years AS previous
        ON years.framework = previous.framework
        AND years.metric = previous.metric
        AND years.window_start - 1 = previous.day
),

-- The breaks that lie inside the two windows: on their first day everything is already counted the new way. The one to
-- name is a known one before a suspected one, then the latest.
broken AS (
    SELECT
        years.framework,
        years.metric,
        years.day,
        max_by(
            struct_pack(
                what := rtrim(breaks.what_changed, '.'), since := breaks.effective_on, until := breaks.ends_on,
                is_suspected := breaks.is_suspected,
                is_loss := breaks.kind = 'loss' OR breaks.kind = 'own' AND breaks.ends_on IS NOT NULL
            ),
            (NOT breaks.is_suspected, breaks.effective_on, breaks.what_changed)
        ) AS main_break,
        count(DISTINCT (breaks.effective_on, breaks.ends_on, breaks.what_changed, breaks.is_suspected)) AS breaks
    FROM years
    INNER JOIN core.series_breaks AS breaks
        ON years.framework = breaks.framework
        AND years.metric = breaks.metric
        AND years.service = breaks.service
        AND breaks.effective_on <= years.day
        AND coalesce(breaks.ends_on + 1, breaks.effective_on) > years.previous_start
    GROUP BY years.framework, years.metric, years.day
),

-- Where nothing else stands against it, a break does.
judged AS (
    SELECT
        compared.*,
        coalesce(
            compared.reason,
            CASE
                WHEN broken.main_break.is_loss AND broken.main_break.until IS NOT NULL
                    THEN format('Figures were lost from {} to {}', broken.main_break.since, broken.main_break.until)
                WHEN broken.main_break.is_loss THEN format('Figures have been lost since {}', broken.main_break.since)
                WHEN broken.main_break.is_suspected
                    THEN format('Perhaps counted differently since {}', broken.main_break.since)
                ELSE format('Counted differently since {}', broken.main_break.since)
            END
                || format(': {}.', broken.main_break.what)
                || CASE WHEN broken.breaks > 1 THEN format(' {} breaks in all.', broken.breaks) ELSE '' END
        ) AS why_not
    FROM compared
    LEFT JOIN broken
        ON compared.framework = broken.framework AND compared.metric = broken.metric AND compared.day = broken.day
)

SELECT
    judged.framework,
    judged.metric,
    judged.day,
    judged.value,
    judged.previous_value,
    CASE WHEN judged.why_not IS NULL THEN judged.value / judged.previous_value - 1 END AS change,
    judged.why_not IS NULL AS is_comparable,
    judged.why_not AS reason,
    judged.basis,
    services.source,
    judged.observed_days,
    judged.expected_days,
    judged.service
FROM judged
INNER JOIN core.services AS services USING (service);

COMMENT ON VIEW rolling_12_months IS 'The 12 calendar months that end with a day beside the 12 before, daily; at month ends for totals over windows and for figures of single people (contributor_absence_factor, people_with_large_share). Grain: framework, metric, day.';
COMMENT ON COLUMN rolling_12_months.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN rolling_12_months.metric IS 'Name in metric_definitions, which has unit, definition and caveat.';
COMMENT ON COLUMN rolling_12_months.day IS 'Last day of the 12 months, UTC. They start on the day after the same day a year before.';
COMMENT ON COLUMN rolling_12_months.value IS 'Sum over the 12 months for counts, mean for search interest, the reading of the day for totals, distinct people for contributors. NULL where less than 95 % of the days have a figure, unless nine tenths of every month are covered by totals over windows.';
COMMENT ON COLUMN rolling_12_months.previous_value IS 'The same for the 12 months before. NULL where they were not observed.';
COMMENT ON COLUMN rolling_12_months.change IS 'value / previous_value - 1. NULL when not comparable.';
COMMENT ON COLUMN rolling_12_months.is_comparable IS 'Every day of both windows was observed, from one source on one basis, and no break in measurement_breaks lies between them.';
COMMENT ON COLUMN rolling_12_months.reason IS 'Why the two are not comparable, in one sentence; NULL when they are.';
COMMENT ON COLUMN rolling_12_months.basis IS 'What exactly was counted on the last day.';
COMMENT ON COLUMN rolling_12_months.source IS 'Source in config.toml; joins collection_runs, freshness and lineage.';
COMMENT ON COLUMN rolling_12_months.observed_days IS 'Days of the 12 months that were observed whole: days on which the service lost events do not count. Those of the 12 months in monthly_metrics add up to them.';
COMMENT ON COLUMN rolling_12_months.expected_days IS 'Days of the 12 months; for search interest those of the whole weeks whose Wednesday lies in them; 1 for totals on a day.';
COMMENT ON COLUMN rolling_12_months.service IS 'Service that answered on the last day.';
