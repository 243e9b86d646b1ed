-- The first day of downloads and of stars among the figures to check: what was told of earlier days has no part in it.
SELECT
    coalesce(min(day) FILTER (WHERE kind = 'downloads'), DATE '9999-12-31') AS first_download_day,
    coalesce(min(day) FILTER (WHERE kind = 'stars'), DATE '9999-12-31') AS first_star_day
FROM fresh_figures
