-- Each reading of a claim beside what was counted, one row for each basis and method.

CREATE VIEW core.claim_checks AS
WITH sums AS MATERIALIZED (FROM core.claim_sums),

definitions AS (
    SELECT claims.*, metrics.aggregate, metrics.source, metrics.unit, metrics.label
    FROM core.claims AS claims
    INNER JOIN core.metrics AS metrics USING (metric)
),

-- From and to which day figures should be there. Nothing comes before the first version of a package, or the first commit.
first_releases AS (
    SELECT packages.position, min(releases.released_on) AS day
    FROM core.claim_packages AS packages
    INNER JOIN releases USING (package)
    GROUP BY packages.position
),

spans AS (
    SELECT
        definitions.*,
        CASE
            WHEN definitions.source = 'git_history' THEN greatest(definitions.first_day, told.first_day)
            ELSE least(coalesce(definitions.first_day, first_releases.day), told.first_day)
        END AS begins_on,
        least(coalesce(definitions.last_day, DATE 'infinity'), clock.as_of - 1) AS ends_on,
        told.basis AS told_basis,
        told.method,
        told.day AS told_until,
        clock.as_of
    FROM definitions
    CROSS JOIN core.clock AS clock
    LEFT JOIN first_releases USING (position)
    LEFT JOIN (
        SELECT position, basis, method, min(day) AS first_day, max(day) AS day
        FROM sums
        GROUP BY position, basis, method
    ) AS told USING (position)
),

-- The day that decides: the one of the claim where it is known, else the last one.
days AS MATERIALIZED (
    SELECT *, CASE WHEN made_on < as_of THEN least(made_on, ends_on) ELSE ends_on END AS tested_on FROM spans
),

-- A known or suspected break between the days that are added up, up to the end and up to a day on which it was reached.
breaks AS (
    SELECT
        days.position, days.told_basis, days.method,
        list(DISTINCT struct_pack(
            day := breaks.effective_on, until := breaks.ends_on, what := rtrim(breaks.what_changed, '.'),
            is_loss := breaks.ends_on IS NOT NULL OR breaks.kind = 'loss'
        )) AS all_breaks
    FROM days
    INNER JOIN (
        SELECT DISTINCT position, basis, service FROM sums
    ) AS services ON days.position = services.position AND days.told_basis = services.basis
    INNER JOIN core.series_breaks AS breaks
        ON days.framework = breaks.framework
        AND days.metric = breaks.metric
        AND services.service = breaks.service
        AND breaks.effective_on <= days.ends_on
        AND coalesce(breaks.ends_on + 1, breaks.effective_on) > days.begins_on
    WHERE days.aggregate = 'sum'
    GROUP BY days.position, days.told_basis, days.method
),

-- What the sums say on the days that matter.
measured AS (
    SELECT
        days.position, days.told_basis, days.method,
        max_by(struct_pack(value := sums.value, low := sums.low, high := sums.high, observed := sums.observed_days), sums.day) AS at_end,
        max_by(struct_pack(value := sums.value, low := sums.low, high := sums.high, observed := sums.observed_days), sums.day)
            FILTER (WHERE sums.day <= days.tested_on) AS at_test,
        min(sums.day) FILTER (WHERE sums.value >= days.value) AS reached_on,
        min_by(sums.observed_days, sums.day) FILTER (WHERE sums.value >= days.value) AS observed_then,
        min(sums.day) FILTER (WHERE round(sums.value) BETWEEN days.value_low AND coalesce(days.value_high, sums.value)) AS fits_from,
        max(sums.day) FILTER (WHERE round(sums.value) BETWEEN days.value_low AND coalesce(days.value_high, sums.value)) AS fits_until,
        min(sums.day) FILTER (WHERE sums.value > 0) AS began_on
    FROM days
    INNER JOIN sums
        ON days.position = sums.position AND days.told_basis = sums.basis AND days.method = sums.method
        AND sums.day <= days.ends_on
    GROUP BY days.position, days.told_basis, days.method
)

SELECT
    days.*,
    measured.* EXCLUDE (position, told_basis, method),
    coalesce(breaks.all_breaks, []) AS all_breaks,
    CASE days.aggregate WHEN 'last' THEN 1 ELSE CAST(days.ends_on - days.begins_on AS BIGINT) + 1 END AS expected_days,
    CASE days.aggregate WHEN 'last' THEN 1 ELSE CAST(days.tested_on - days.begins_on AS BIGINT) + 1 END AS expected_at_test,
    CASE days.aggregate WHEN 'last' THEN 1 ELSE CAST(measured.reached_on - days.begins_on AS BIGINT) + 1 END AS expected_then
FROM days
LEFT JOIN measured
    ON days.position = measured.position AND days.told_basis = measured.told_basis AND days.method = measured.method
LEFT JOIN breaks
    ON days.position = breaks.position AND days.told_basis = breaks.told_basis AND days.method = breaks.method;
COMMENT ON VIEW core.claim_checks IS 'Each reading of a claim beside what was counted: at the end, on the day that decides, and on which days the claim fits.';
