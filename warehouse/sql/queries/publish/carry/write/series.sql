-- Statements that bring such a public table of the copy up to date.
SELECT format(
    'DELETE FROM publishing.main."{0}" AS before USING evaluation.carried.first_touched AS touched '
    || 'WHERE before.framework = touched.framework AND before.metric = touched.metric AND before."{1}" >= touched.first_day; '
    || 'INSERT INTO publishing.main."{0}" FROM evaluation.carried."{0}" ORDER BY ALL',
    $view, $day
)
