-- Stars and forks.

CREATE VIEW core.star_days AS
SELECT frameworks.framework, stars.day, stars.stars_added
FROM raw.repository_stars AS stars
INNER JOIN core.current_answers AS answers USING (content_id)
INNER JOIN core.frameworks AS frameworks USING (repository)
WHERE answers.row_type = 'repository_stars'
    AND stars.day < CAST(answers.collected_at AS DATE)
QUALIFY row_number() OVER (
    PARTITION BY frameworks.framework, stars.day ORDER BY answers.recency DESC, stars.stars_added DESC
) = 1;
COMMENT ON VIEW core.star_days IS 'Stars of days that were over when they were collected.';

CREATE VIEW core.repository_totals AS
SELECT frameworks.framework, totals.day, totals.stars, totals.forks
FROM raw.repository_totals AS totals
INNER JOIN core.current_answers AS answers USING (content_id)
INNER JOIN core.frameworks AS frameworks USING (repository)
WHERE answers.row_type = 'repository_totals'
    AND totals.day <= CAST(answers.collected_at AS DATE)
QUALIFY row_number() OVER (
    PARTITION BY frameworks.framework, totals.day ORDER BY answers.recency DESC, totals.stars DESC, totals.forks DESC
) = 1;
COMMENT ON VIEW core.repository_totals IS 'Totals as they stood on a day.';
