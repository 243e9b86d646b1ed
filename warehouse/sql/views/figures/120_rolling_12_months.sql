CREATE VIEW rolling_12_months AS
WITH git_windows AS MATERIALIZED (FROM core.git_years),

month_windows AS MATERIALIZED (FROM core.years_of_months),

-- Figures of days. A mean is one of weeks: each counts once, on its middle day, for the days of a week.
figures AS NOT MATERIALIZED (
    SELECT
        daily.framework, daily.metric, daily.basis, daily.service, daily.day, daily.value, calendar.window_days,
        metrics.aggregate, metrics.figure_days AS days
    FROM core.daily AS daily
    INNER JOIN core.metrics AS metrics USING (metric)
    INNER JOIN core.calendar AS calendar USING (day)
    WHERE metrics.figure_days = 1 OR calendar.is_middle_of_week
),

-- Where each series has figures of days from, and on what basis.
origins AS MATERIALIZED (
    SELECT
        *,
        CAST(row_number() OVER () AS INTEGER) AS origin,
        CAST(dense_rank() OVER (ORDER BY framework, metric) AS INTEGER) AS series
    FROM (
        SELECT
            framework, metric, basis, service, aggregate, days,
            min(day) AS first_day, max(day) + days - 1 AS last_day, count(*) AS figures
        FROM figures
        GROUP BY framework, metric, basis, service, aggregate, days
    )
),

-- From when to when each series has any, how many, and from how many origins.
spans AS (
    SELECT
        series, days, min(first_day) AS first_day, max(last_day) AS last_day, sum(figures) AS figures, count(*) AS origins
    FROM origins
    GROUP BY series, days
),

-- The figures once more, with numbers in place of their texts, which make rows slow to sort and to join. marks: 1 for a
-- figure and 1000 more where the day had no losses, so that one sum counts both.
daily AS MATERIALIZED (
    SELECT
        origins.series, origins.origin, origins.days, figures.day, figures.window_days, figures.value,
        CAST(CASE WHEN lost.day IS NULL THEN 1001 ELSE 1 END AS DOUBLE) AS marks
    FROM figures
    INNER JOIN origins USING (framework, metric, basis, service)
    LEFT JOIN core.lost_days AS lost
        ON figures.framework = lost.framework
        AND figures.metric = lost.metric
        AND figures.service = lost.service
        AND figures.day = lost.day
),

-- Every day between the first and the last of a series, so that the windows slide over days without a figure too: a row is
-- a day, and as many rows back as a window has days before its last is the same as a range of days, in half the time.
spine AS (
    SELECT series, days, day, window_days, value, marks FROM daily
    UNION ALL
    SELECT spans.series, spans.days, calendar.day, calendar.window_days, NULL, 0
    FROM spans
    INNER JOIN core.calendar AS calendar ON calendar.day BETWEEN spans.first_day AND spans.last_day
    ANTI JOIN daily ON spans.series = daily.series AND calendar.day = daily.day
    WHERE spans.figures <= spans.last_day - spans.first_day
),

-- Means are taken of decimals, so that the order in which they are added up does not matter.
windows AS (
    SELECT
        series, day, value AS reading, marks AS mark, sum(value) OVER twelve_months AS value,
        sum(marks) OVER twelve_months AS marks
    FROM spine
    WHERE days = 1
    WINDOW twelve_months AS (PARTITION BY series ORDER BY day ROWS BETWEEN window_days - 1 PRECEDING AND CURRENT ROW)
    UNION ALL
    SELECT
        series, day, NULL, NULL, avg(CAST(value AS DECIMAL(38, 12))) OVER twelve_months, sum(marks) OVER twelve_months
    FROM spine
    WHERE days > 1
    WINDOW twelve_months AS (PARTITION BY series ORDER BY day ROWS BETWEEN window_days - 1 PRECEDING AND CURRENT ROW)
),

-- The days on which a series begins, or goes on from another service or on another basis.
changes AS (
    SELECT daily.series, daily.origin, daily.day
    FROM daily
    INNER JOIN spans USING (series)
    WHERE spans.origins > 1
    QUALIFY daily.origin IS DISTINCT FROM lag(daily.origin) OVER (PARTITION BY daily.series ORDER BY daily.day)
    UNION ALL
    SELECT origins.series, origins.origin, origins.first_day
    FROM origins
    INNER JOIN spans USING (series)
    WHERE spans.origins = 1
),

-- Stretches of a series from one service on one basis, and what is the same in all their windows.
runs AS MATERIALIZED (
    SELECT
        *,
        CAST(row_number() OVER () AS INTEGER) AS run,
        CAST(dense_rank() OVER (ORDER BY framework, metric) AS INTEGER) AS line
    FROM (
        SELECT
            'days' AS kind, origins.framework, origins.metric, origins.basis, origins.service, origins.aggregate,
            origins.days, changes.day - origins.days + 1 AS same_since, changes.series, changes.day AS first_day,
            coalesce(
                lead(changes.day) OVER (PARTITION BY changes.series ORDER BY changes.day) - 1, spans.last_day
            ) AS last_day
        FROM changes
        INNER JOIN origins USING (series, origin)
        INNER JOIN spans USING (series)
        UNION ALL BY NAME
        SELECT DISTINCT 'months' AS kind, framework, metric, basis, service, same_since FROM month_windows
        UNION ALL BY NAME
        SELECT DISTINCT 'git' AS kind, framework, metric, basis, service, same_since FROM git_windows
    )
),

-- Readings (aggregate last) are not summed: the one of the day is set against that of the day before the window.
years_of_days AS MATERIALIZED (
    SELECT
        runs.run,
        runs.line,
        windows.day,
        calendar.window_start,
        CASE runs.aggregate WHEN 'last' THEN calendar.window_start - 1 ELSE calendar.previous_start END AS previous_start,
        CASE runs.aggregate WHEN 'last' THEN windows.reading ELSE windows.value END AS value,
        CAST(CASE runs.aggregate WHEN 'last' THEN windows.mark ELSE windows.marks END AS INTEGER) AS counts,
        runs.days * (counts % 1000) AS seen_days,
        runs.days * (counts // 1000) AS observed_days,
        CASE runs.aggregate
            WHEN 'last' THEN 1 WHEN 'mean' THEN calendar.window_week_days ELSE calendar.window_days
        END AS expected_days,
        seen_days = expected_days AS is_seen_whole
    FROM windows
    INNER JOIN runs ON windows.series = runs.series AND windows.day BETWEEN runs.first_day AND runs.last_day
    INNER JOIN core.calendar AS calendar USING (day)
),

-- The 12 months of core.years_of_months, texts replaced by numbers as above.
years_of_months AS MATERIALIZED (
    SELECT runs.run, runs.line, months.* EXCLUDE (framework, metric, basis, service, same_since)
    FROM month_windows AS months
    INNER JOIN runs
        ON runs.kind = 'months'
        AND months.framework = runs.framework
        AND months.metric = runs.metric
        AND months.basis = runs.basis
        AND months.service = runs.service
        AND months.same_since IS NOT DISTINCT FROM runs.same_since
),

-- Days of losses in the 12 months of a history, which has every day from its first month on; before it there was nothing.
git_losses AS (
    SELECT years.framework, years.metric, years.day, count(*) AS days
    FROM git_windows AS years
    INNER JOIN core.lost_days AS lost
        ON years.framework = lost.framework
        AND years.metric = lost.metric
        AND years.service = lost.service
        AND lost.day BETWEEN greatest(years.window_start, CAST(date_trunc('month', years.same_since) AS DATE)) AND years.day
    GROUP BY years.framework, years.metric, years.day
),

-- Those of histories; every day of them has a figure.
years_of_git AS (
    SELECT
        runs.run, runs.line, years.day, years.window_start, years.previous_start, years.value,
        years.observed_days AS seen_days,
        CAST(years.day - greatest(years.window_start, CAST(date_trunc('month', years.same_since) AS DATE)) AS INTEGER) + 1
            - coalesce(losses.days, 0) AS observed_days,
        years.expected_days, true AS is_seen_whole
    FROM git_windows AS years
    INNER JOIN runs
        ON runs.kind = 'git'
        AND years.framework = runs.framework
        AND years.metric = runs.metric
        AND years.basis = runs.basis
        AND years.same_since = runs.same_since
    LEFT JOIN git_losses AS losses
        ON years.framework = losses.framework AND years.metric = losses.metric AND years.day = losses.day
),

-- Where days and windows both reach, the one that has the whole year, else that from days; too thin ones give no figure.
-- lack: what a window lacks, in words; {} stands for the window, which may be this one or the one before.
years AS MATERIALIZED (
    SELECT
        * REPLACE (CASE WHEN is_seen_whole OR seen_days >= 0.95 * expected_days THEN value END AS value),
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
    FROM (
        SELECT days.*
        FROM years_of_days AS days
        LEFT JOIN years_of_months AS months USING (line, day)
        WHERE months.day IS NULL OR days.is_seen_whole OR NOT months.is_seen_whole
        UNION ALL BY NAME
        SELECT months.*
        FROM years_of_months AS months
        LEFT JOIN years_of_days AS days USING (line, day)
        WHERE days.day IS NULL OR months.is_seen_whole AND NOT days.is_seen_whole
        UNION ALL BY NAME
        FROM years_of_git
    )
),

-- The breaks that lie inside the two windows: on their first day everything is already counted the new way. The one to
-- name is a known one before a suspected one, then the latest.
broken AS (
    SELECT
        years.line,
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
    INNER JOIN runs USING (run)
    INNER JOIN core.series_breaks AS breaks
        ON runs.framework = breaks.framework
        AND runs.metric = breaks.metric
        AND runs.service = breaks.service
        AND breaks.effective_on <= years.day
        AND coalesce(breaks.ends_on + 1, breaks.effective_on) > years.previous_start
    GROUP BY years.line, years.day
),

-- Each window beside the one that ends on the day before it begins, and why the two cannot be compared.
compared AS (
    SELECT
        runs.framework,
        runs.metric,
        runs.basis,
        runs.service,
        years.day,
        years.value,
        years.observed_days,
        years.expected_days,
        previous.value AS previous_value,
        CASE
            WHEN years.seen_days = 0 AND years.expected_days = 1 THEN 'There is no reading on this day.'
            WHEN NOT years.is_seen_whole THEN format(years.lack, 'these 12 months')
            WHEN runs.service = 'git' AND runs.same_since > years.previous_start
                THEN format('The history begins on {}, later than the 12 months before.', runs.same_since)
            WHEN coalesce(previous.seen_days, 0) = 0 AND years.expected_days = 1
                THEN format('There is no reading on {}, 12 months before.', years.window_start - 1)
            WHEN coalesce(previous.seen_days, 0) = 0 THEN 'Nothing was observed in the 12 months before.'
            WHEN NOT previous.is_seen_whole THEN format(previous.lack, 'the 12 months before')
            WHEN runs.same_since > years.previous_start
                THEN format(
                    'Source or basis is another one since {}: now {}, {}.', runs.same_since, runs.service, runs.basis
                )
            WHEN previous.value = 0 THEN 'The 12 months before count none.'
        END AS reason,
        broken.main_break,
        broken.breaks
    FROM years
    INNER JOIN runs USING (run)
    LEFT JOIN years AS previous ON years.line = previous.line AND years.window_start - 1 = previous.day
    LEFT JOIN broken ON years.line = broken.line AND years.day = broken.day
),

-- Where nothing else stands against it, a break does.
judged AS (
    SELECT
        *,
        coalesce(
            reason,
            CASE
                WHEN main_break.is_loss AND main_break.until IS NOT NULL
                    THEN format('Figures were lost from {} to {}', main_break.since, main_break.until)
                WHEN main_break.is_loss THEN format('Figures have been lost since {}', main_break.since)
                WHEN main_break.is_suspected THEN format('Perhaps counted differently since {}', main_break.since)
                ELSE format('Counted differently since {}', main_break.since)
            END
                || format(': {}.', main_break.what)
                || CASE WHEN breaks > 1 THEN format(' {} breaks in all.', breaks) ELSE '' END
        ) AS why_not
    FROM compared
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
