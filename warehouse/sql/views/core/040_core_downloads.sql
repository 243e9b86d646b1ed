-- Downloads of packages from the package index: days where a service gives days, else totals over windows.

CREATE VIEW core.downloads AS
-- The greatest struct is that of the latest answer, of one answer that of the greatest figure.
SELECT
    service, package, basis, period_start, period_end, - told.minus_window_days AS window_days, told.downloads
FROM (
    SELECT
        answers.service, downloads.package, downloads.basis, downloads.period_start, downloads.period_end,
        max(struct_pack(
            recency := answers.recency, downloads := downloads.downloads, minus_window_days := - downloads.window_days
        )) AS told
    FROM raw.pypi_downloads AS downloads
    INNER JOIN core.current_answers AS answers USING (content_id)
    WHERE answers.row_type = 'pypi_downloads'
        AND downloads.period_end <= answers.last_whole_day
    GROUP BY answers.service, downloads.package, downloads.basis, downloads.period_start, downloads.period_end
);
COMMENT ON VIEW core.downloads IS 'The latest figure of each service, package, basis and period that was over when it was collected.';
