-- Statements that put together a public table: the rows of the last night, in their place those of series and days that are
-- touched. $view is its name, $day the column that holds the day or the month of a row.
SELECT format(
    'CREATE TABLE evaluation.carried."{0}" AS FROM evaluation.main."{0}" AS fresh '
    || 'SEMI JOIN evaluation.carried.touched AS touched ON fresh.framework = touched.framework '
    || 'AND fresh.metric = touched.metric AND fresh."{1}" >= touched.first_day; '
    || 'DROP TABLE evaluation.main."{0}"; '
    || 'CREATE VIEW evaluation.main."{0}" AS FROM publishing.main."{0}" AS before '
    || 'ANTI JOIN evaluation.carried.touched AS touched ON before.framework = touched.framework '
    || 'AND before.metric = touched.metric AND before."{1}" >= touched.first_day '
    || 'UNION ALL FROM evaluation.carried."{0}"',
    $view, $day
)
