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
