-- Statements that bring such a public table of the copy up to date.
SELECT format(
    'DELETE FROM publishing.main."{0}" AS before USING ('
    || 'SELECT framework, metric, min(first_day) AS first_day FROM evaluation.carried.touched GROUP BY framework, metric) AS touched '
    || 'WHERE before.framework = touched.framework AND before.metric = touched.metric AND before."{1}" >= touched.first_day; '
    || 'INSERT INTO publishing.main."{0}" FROM evaluation.carried."{0}" ORDER BY ALL',
    $view, $day
)
