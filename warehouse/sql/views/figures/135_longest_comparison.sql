-- Where 12 months cannot be compared: the longest two windows beside each other that can. One view for all of it, so that
-- what its parts share is planned and computed once.

CREATE VIEW longest_comparison AS
WITH rolling AS MATERIALIZED (SELECT framework, metric, day, is_comparable FROM rolling_12_months),

breaks AS MATERIALIZED (SELECT framework, metric, service, effective_on, ends_on FROM core.series_breaks),

-- The month ends that a report may be about, of the last 24 months, and the first of the 24 months that end with each.
ends AS (
    SELECT calendar.day, calendar.previous_start AS earliest_day
    FROM core.calendar AS calendar
    CROSS JOIN core.clock AS clock
    WHERE calendar.is_month_end AND calendar.day < clock.as_of AND calendar.day >= clock.as_of - INTERVAL 25 MONTH
),

-- Series of figures that add up or average, from their first day on.
series AS (
    SELECT rolling.framework, rolling.metric, min(rolling.day) AS first_day
    FROM rolling
    INNER JOIN core.metrics AS metrics USING (metric)
    WHERE metrics.aggregate IN ('sum', 'mean')
    GROUP BY rolling.framework, rolling.metric
),

-- Those of the month ends whose 12 months cannot be set against the 12 before, or have no figure.
years AS (
    SELECT series.framework, series.metric, ends.day, ends.earliest_day
    FROM series
    INNER JOIN ends ON series.first_day <= ends.day
    ANTI JOIN (FROM rolling WHERE is_comparable) AS comparable
        ON series.framework = comparable.framework AND series.metric = comparable.metric AND ends.day = comparable.day
),

-- Figures by the day, for each service and basis.
daily AS (
    SELECT
        everything.framework, everything.metric, everything.service, everything.basis, everything.preference,
        metrics.aggregate, everything.day, everything.value
    FROM (
        FROM core.daily_by_service
        UNION ALL BY NAME
        SELECT *, 1 AS preference FROM core.git_days
    ) AS everything
    INNER JOIN core.metrics AS metrics USING (metric)
    WHERE metrics.aggregate IN ('sum', 'mean') AND everything.day >= (SELECT min(earliest_day) FROM ends)
),

-- Of each series the days from which it is counted differently, and the spans of losses and slow changes.
cuts AS (
    SELECT
        framework, metric, service,
        coalesce(list(effective_on) FILTER (WHERE ends_on IS NULL), []) AS days,
        coalesce(
            list(struct_pack(first_day := effective_on, last_day := ends_on)) FILTER (WHERE ends_on IS NOT NULL), []
        ) AS spans
    FROM breaks
    GROUP BY framework, metric, service
),

whole AS (
    SELECT daily.*, coalesce(len(list_filter(cuts.days, lambda cut: cut <= daily.day)), 0) AS cuts_before
    FROM daily
    LEFT JOIN cuts USING (framework, metric, service)
    WHERE coalesce(len(list_filter(cuts.spans, lambda span: daily.day BETWEEN span.first_day AND span.last_day)), 0) = 0
),

-- Days of one run follow each other, so that day and place have the same difference, and no break lies between them.
run_days AS MATERIALIZED (
    SELECT
        * EXCLUDE (cuts_before),
        struct_pack(
            cuts := cuts_before,
            begins_like := day - CAST(row_number() OVER (
                PARTITION BY framework, metric, service, basis ORDER BY day
            ) AS INTEGER)
        ) AS run
    FROM whole
),

runs AS (
    SELECT
        framework, metric, service, basis, run, any_value(preference) AS preference, any_value(aggregate) AS aggregate,
        min(day) AS first_day, max(day) AS last_day
    FROM run_days
    GROUP BY framework, metric, service, basis, run
),

-- What lies of each run inside the 24 months. A mean is one of weeks from Sunday to Saturday, so its windows are such.
inside AS (
    SELECT
        years.framework, years.metric, years.day, runs.service, runs.basis, runs.preference, runs.run, runs.aggregate,
        CASE WHEN runs.first_day < years.earliest_day THEN years.earliest_day ELSE runs.first_day END AS first_inside,
        CASE WHEN runs.last_day > years.day THEN years.day ELSE runs.last_day END AS last_inside,
        first_inside + CASE runs.aggregate
            WHEN 'mean' THEN CAST((7 - dayofweek(first_inside)) % 7 AS INTEGER) ELSE 0
        END AS first_day,
        last_inside - CASE runs.aggregate
            WHEN 'mean' THEN CAST((dayofweek(last_inside) + 1) % 7 AS INTEGER) ELSE 0
        END AS last_day
    FROM years
    LEFT JOIN runs
        ON years.framework = runs.framework
        AND years.metric = runs.metric
        AND runs.first_day <= years.day
        AND runs.last_day >= years.earliest_day
),

-- The run with the most weeks for two windows; among equals the latest, then the preferred service and basis.
windows AS MATERIALIZED (
    SELECT
        framework, metric, day, service, basis, run, aggregate,
        CASE WHEN last_day >= first_day THEN CAST(last_day - first_day AS INTEGER) + 1 ELSE 0 END AS days_in_run,
        CASE WHEN days_in_run >= 56 THEN days_in_run // 14 END AS weeks,
        CASE WHEN weeks IS NOT NULL THEN last_day END AS window_end,
        window_end - 7 * weeks + 1 AS window_start,
        window_start - 1 AS previous_end,
        window_start - 7 * weeks AS previous_start
    FROM inside
    QUALIFY row_number() OVER (
        PARTITION BY framework, metric, day ORDER BY days_in_run // 14 DESC, last_day DESC, preference, basis
    ) = 1
),

-- The control: all packages of the index together, where every day of the windows is told. Its own breaks count like
-- those of the framework.
controls AS (
    SELECT windows.framework, windows.metric, windows.day, downloads.period_start AS control_day, downloads.downloads
    FROM windows
    INNER JOIN core.metrics AS metrics ON windows.metric = metrics.metric AND metrics.source = 'pypi_downloads'
    INNER JOIN core.downloads AS downloads
        ON downloads.package = '__all__'
        AND windows.basis = downloads.basis
        AND downloads.period_start = downloads.period_end
        AND downloads.period_start BETWEEN windows.previous_start AND windows.window_end
    ANTI JOIN breaks
        ON windows.framework = breaks.framework
        AND windows.metric = breaks.metric
        AND downloads.service = breaks.service
        AND breaks.effective_on <= windows.window_end
        AND coalesce(breaks.ends_on + 1, breaks.effective_on) > windows.previous_start
    QUALIFY downloads.service = min(downloads.service) OVER (PARTITION BY windows.framework, windows.metric, windows.day)
        AND count(*) OVER (PARTITION BY windows.framework, windows.metric, windows.day, downloads.service)
            = 14 * windows.weeks
),

-- Weeks counted back from the last one, which is 0.
weekly AS (
    SELECT
        windows.framework, windows.metric, windows.day, windows.weeks, windows.aggregate,
        CAST(windows.window_end - run_days.day AS INTEGER) // 7 AS weeks_back,
        CASE windows.aggregate WHEN 'mean' THEN avg(run_days.value) ELSE sum(run_days.value) END AS figure,
        sum(controls.downloads) AS control
    FROM windows
    INNER JOIN run_days
        ON windows.framework = run_days.framework
        AND windows.metric = run_days.metric
        AND windows.service = run_days.service
        AND windows.basis = run_days.basis
        AND windows.run = run_days.run
        AND run_days.day BETWEEN windows.previous_start AND windows.window_end
    LEFT JOIN controls
        ON windows.framework = controls.framework
        AND windows.metric = controls.metric
        AND windows.day = controls.day
        AND run_days.day = controls.control_day
    GROUP BY windows.framework, windows.metric, windows.day, windows.weeks, windows.aggregate, weeks_back
),

-- Each week of the newer window beside the one in the same place of the older one.
pairs AS MATERIALIZED (
    SELECT
        framework, metric, day, aggregate, weeks_back % weeks AS place,
        max(figure) FILTER (WHERE weeks_back < weeks) AS newer,
        max(figure) FILTER (WHERE weeks_back >= weeks) AS older,
        max(control) FILTER (WHERE weeks_back < weeks) AS newer_control,
        max(control) FILTER (WHERE weeks_back >= weeks) AS older_control
    FROM weekly
    GROUP BY framework, metric, day, aggregate, place
),

totals AS (
    SELECT
        framework, metric, day,
        CASE any_value(aggregate) WHEN 'mean' THEN avg(newer ORDER BY place) ELSE sum(newer ORDER BY place) END AS value,
        CASE any_value(aggregate) WHEN 'mean' THEN avg(older ORDER BY place) ELSE sum(older ORDER BY place) END AS previous_value,
        sum(newer_control) / nullif(sum(older_control), 0) AS control_ratio,
        -- By chance alone two counts differ as much as their size makes it; an index counts nothing.
        CASE WHEN any_value(aggregate) = 'sum' AND value > 0 AND previous_value > 0
            THEN 1.96 * sqrt(1 / value + 1 / previous_value)
            ELSE 0
        END AS chance
    FROM pairs
    GROUP BY framework, metric, day
),

-- Counts with a week without any event are taken half an event higher, so that every week says something.
spares AS (
    SELECT
        *,
        CASE WHEN aggregate = 'sum' AND bool_or(0 IN (newer, older)) OVER (PARTITION BY framework, metric, day)
            THEN 0.5 ELSE 0
        END AS spare
    FROM pairs
),

logarithms AS (
    SELECT
        framework, metric, day, place,
        CASE WHEN newer + spare > 0 AND older + spare > 0 THEN ln((newer + spare) / (older + spare)) END AS own,
        CASE WHEN newer_control > 0 AND older_control > 0 THEN own - ln(newer_control / older_control) END AS relative
    FROM spares
),

rests AS (
    SELECT
        framework, metric, day, kind, place,
        logarithm - avg(logarithm ORDER BY place) OVER (PARTITION BY framework, metric, day, kind) AS rest
    FROM (UNPIVOT logarithms ON own, relative INTO NAME kind VALUE logarithm)
),

-- How much the weeks scatter, and how alike neighbours are (with Kendall's correction of that), as reports do it with
-- pairs of months: neighbours that move together are worth fewer than they are, and few weeks cannot show that they do not.
scatter AS (
    SELECT
        framework, metric, day, kind,
        count(*) AS number,
        sum(rest * rest ORDER BY place) AS squares,
        coalesce(sum(rest * neighbour ORDER BY place) / nullif(squares, 0), 0) AS seen,
        CASE WHEN number > 4 THEN least(greatest((number * seen + 1) / (number - 4), 0), 0.8) ELSE 0.8 END AS together,
        greatest(number * (1 - together) / (1 + together), 2) AS independent
    FROM (
        SELECT *, lag(rest) OVER (PARTITION BY framework, metric, day, kind ORDER BY place) AS neighbour FROM rests
    )
    GROUP BY framework, metric, day, kind
    HAVING count(*) >= 4
),

-- Student's t for 95 % and number - 1 degrees of freedom (Abramowitz and Stegun, 26.7.5).
students AS (
    SELECT
        *,
        1.959964 + 2.37230 / (number - 1) + 2.82255 / (number - 1) ** 2 + 2.55589 / (number - 1) ** 3
        + 1.58956 / (number - 1) ** 4 AS t
    FROM scatter
),

-- Half the width of the 95 % range of the logarithm of the change, and of that relative to the control.
ranges AS (
    SELECT
        framework, metric, day,
        max(t * sqrt(squares / (number - 1) / independent)) FILTER (WHERE kind = 'own') AS half,
        max(t * sqrt(squares / (number - 1) / independent)) FILTER (WHERE kind = 'relative') AS relative_half
    FROM students
    GROUP BY framework, metric, day
),

-- The bands of search interest, averaged over the weeks of each window: as between two years, an index may differ between
-- the nearest and between the farthest ends.
bands AS (
    SELECT
        windows.framework, windows.metric, windows.day,
        avg(weeks.interest_low ORDER BY weeks.week_start) FILTER (WHERE weeks.week_start >= windows.window_start)
            / nullif(avg(weeks.interest_high ORDER BY weeks.week_start) FILTER (WHERE weeks.week_start < windows.window_start), 0) AS low,
        avg(weeks.interest_high ORDER BY weeks.week_start) FILTER (WHERE weeks.week_start >= windows.window_start)
            / nullif(avg(weeks.interest_low ORDER BY weeks.week_start) FILTER (WHERE weeks.week_start < windows.window_start), 0) AS high
    FROM windows
    INNER JOIN search_interest_weekly AS weeks
        ON windows.framework = weeks.framework AND weeks.week_start BETWEEN windows.previous_start AND windows.window_end
    WHERE windows.metric = 'search_interest'
    GROUP BY windows.framework, windows.metric, windows.day
),

-- The range of the change is the widest of what weeks, chance and draws say.
compared AS (
    SELECT
        windows.*, totals.value, totals.previous_value, totals.control_ratio, bands.low, bands.high,
        totals.value / nullif(totals.previous_value, 0) AS ratio,
        ratio / nullif(totals.control_ratio, 0) AS relative_ratio,
        CASE WHEN ranges.half IS NOT NULL THEN greatest(ranges.half, totals.chance) END AS half,
        CASE WHEN ranges.relative_half IS NOT NULL THEN greatest(ranges.relative_half, totals.chance) END AS relative_half
    FROM windows
    LEFT JOIN totals USING (framework, metric, day)
    LEFT JOIN ranges USING (framework, metric, day)
    LEFT JOIN bands USING (framework, metric, day)
)

SELECT
    compared.framework,
    compared.metric,
    compared.day,
    compared.weeks,
    compared.window_start,
    compared.window_end,
    compared.previous_start,
    compared.previous_end,
    compared.value,
    compared.previous_value,
    compared.ratio - 1 AS change,
    CASE WHEN compared.ratio > 0 AND compared.half IS NOT NULL
        THEN least(compared.ratio * exp(-compared.half), coalesce(compared.low, 'infinity')) - 1
    END AS change_low,
    CASE WHEN compared.ratio > 0 AND compared.half IS NOT NULL
        THEN greatest(compared.ratio * exp(compared.half), coalesce(compared.high, 0)) - 1
    END AS change_high,
    compared.control_ratio - 1 AS control_change,
    compared.relative_ratio - 1 AS relative_change,
    CASE WHEN compared.ratio > 0 THEN compared.relative_ratio * exp(-compared.relative_half) - 1 END AS relative_low,
    CASE WHEN compared.ratio > 0 THEN compared.relative_ratio * exp(compared.relative_half) - 1 END AS relative_high,
    CASE
        WHEN compared.service IS NULL
            THEN 'No day of these 24 months has a whole figure of its own.'
        WHEN compared.weeks IS NULL
            THEN format(
                'The longest run of whole days counted in one way has {} {}, and two windows of four weeks need 56.',
                compared.days_in_run, CASE compared.days_in_run WHEN 1 THEN 'day' ELSE 'days' END
            )
        WHEN compared.previous_value = 0 THEN 'The earlier window counts none.'
    END AS reason,
    CASE WHEN compared.weeks IS NOT NULL
        THEN 'Season not removed.'
            || CASE WHEN metrics.source = 'pypi_downloads' AND compared.control_ratio IS NULL
                THEN ' All packages of the index together are not known for these days.' ELSE '' END
    END AS limits,
    CASE WHEN compared.weeks IS NOT NULL THEN compared.basis END AS basis,
    metrics.source,
    CASE WHEN compared.weeks IS NOT NULL THEN compared.service END AS service
FROM compared
INNER JOIN core.metrics AS metrics USING (metric);

COMMENT ON VIEW longest_comparison IS 'Where 12 months cannot be set against the 12 before, the longest two windows beside each other that can: of equal length, at least four whole weeks each, within the 24 months that end with the day, complete, from one service on one basis, and on one side of every break. Among windows of one length the latest. Grain: framework, metric, day. Days are the month ends of the last 24 months; a day whose 12 months are comparable in rolling_12_months has no row, nor have metrics that neither add up nor average (people, totals on a day).';
COMMENT ON COLUMN longest_comparison.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN longest_comparison.metric IS 'Name in metric_definitions, which has unit, definition and caveat.';
COMMENT ON COLUMN longest_comparison.day IS 'Last day of the 12 months that cannot be compared, UTC; joins rolling_12_months, which says why.';
COMMENT ON COLUMN longest_comparison.weeks IS 'Weeks of each of the two windows; NULL where there are less than four and four: then reason says so.';
COMMENT ON COLUMN longest_comparison.window_start IS 'First day of the newer window, UTC.';
COMMENT ON COLUMN longest_comparison.window_end IS 'Last day of the newer window: the last of the run of days, for search interest a Saturday. Often earlier than day.';
COMMENT ON COLUMN longest_comparison.previous_start IS 'First day of the older window.';
COMMENT ON COLUMN longest_comparison.previous_end IS 'Last day of the older window, the day before window_start.';
COMMENT ON COLUMN longest_comparison.value IS 'Of the newer window: sum for counts, mean for search interest.';
COMMENT ON COLUMN longest_comparison.previous_value IS 'The same of the older window.';
COMMENT ON COLUMN longest_comparison.change IS 'value / previous_value - 1. The two windows lie in different seasons: it is no change from year to year.';
COMMENT ON COLUMN longest_comparison.change_low IS 'Lower end of the 95 % range of change, from how much the ratios of weeks in the same place scatter (Student''s t, widened where neighbours move together); at least as wide as chance makes a count, and for search interest as the bands of draws.';
COMMENT ON COLUMN longest_comparison.change_high IS 'Upper end of that range.';
COMMENT ON COLUMN longest_comparison.control_change IS 'The change of the control between the same windows on the same basis: downloads of all packages of the index together, as pypistats.org counts them. NULL where they are not known for all of these days, and for other metrics.';
COMMENT ON COLUMN longest_comparison.relative_change IS '(1 + change) / (1 + control_change) - 1: what the framework moved more than the index, with most of the season taken out.';
COMMENT ON COLUMN longest_comparison.relative_low IS 'Lower end of the 95 % range of relative_change.';
COMMENT ON COLUMN longest_comparison.relative_high IS 'Upper end of that range.';
COMMENT ON COLUMN longest_comparison.reason IS 'Why there is no comparison, in one sentence; NULL where there is one.';
COMMENT ON COLUMN longest_comparison.limits IS 'What to keep in mind; NULL where there are no windows.';
COMMENT ON COLUMN longest_comparison.basis IS 'What exactly was counted in both windows.';
COMMENT ON COLUMN longest_comparison.source IS 'Source in config.toml.';
COMMENT ON COLUMN longest_comparison.service IS 'Service that answered for both windows.';
