-- Downloads of packages from the package index: days where a service gives days, else totals over windows.

CREATE VIEW core.downloads AS
SELECT
    answers.service, downloads.package, downloads.basis, downloads.period_start, downloads.period_end,
    downloads.window_days, downloads.downloads
FROM raw.pypi_downloads AS downloads
INNER JOIN core.current_answers AS answers USING (content_id)
WHERE answers.row_type = 'pypi_downloads'
    AND downloads.period_end <= answers.last_whole_day
QUALIFY row_number() OVER (
    PARTITION BY answers.service, downloads.package, downloads.basis, downloads.period_start, downloads.period_end
    ORDER BY answers.recency DESC, downloads.downloads DESC, downloads.window_days
) = 1;
COMMENT ON VIEW core.downloads IS 'The latest figure of each service, package, basis and period that was over when it was collected.';

CREATE VIEW core.package_months AS
-- The months that each window touches.
WITH parts AS (
    SELECT
        service,
        package,
        basis,
        downloads / window_days AS daily_mean,
        period_start,
        period_end,
        CAST(
            unnest(range(date_trunc('month', period_start), period_end + INTERVAL 1 DAY, INTERVAL 1 MONTH)) AS DATE
        ) AS month
    FROM core.downloads
    WHERE period_end > period_start AND window_days > 0
)

SELECT
    parts.service,
    parts.package,
    parts.basis,
    parts.month,
    months.month_days,
    parts.daily_mean,
    CAST(least(parts.period_end, months.month_end) - greatest(parts.period_start, parts.month) AS INTEGER) + 1 AS observed_days
FROM parts
INNER JOIN core.months AS months USING (month)
WHERE observed_days >= 0.5 * months.month_days
QUALIFY row_number() OVER (
    PARTITION BY parts.service, parts.package, parts.basis, parts.month
    ORDER BY observed_days DESC, parts.period_end - parts.period_start, parts.period_end
) = 1;
COMMENT ON VIEW core.package_months IS 'For each month the window total that overlaps most of it, at least half.';
