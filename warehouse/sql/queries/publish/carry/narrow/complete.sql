-- Statements that put together a public table: the rows of the last night, in their place those of series and days that are
-- touched. $view is its name, $day the column that holds the day or the month of a row. A series has one first day here: to
-- meet every row with every reason to touch it took a second.
SELECT format(
    'CREATE TABLE evaluation.carried."{0}" AS SELECT fresh.* FROM evaluation.main."{0}" AS fresh '
    || 'INNER JOIN evaluation.carried.first_touched AS touched ON fresh.framework = touched.framework '
    || 'AND fresh.metric = touched.metric WHERE fresh."{1}" >= touched.first_day; '
    || 'DROP TABLE evaluation.main."{0}"; '
    || 'CREATE VIEW evaluation.main."{0}" AS SELECT before.* FROM publishing.main."{0}" AS before '
    || 'LEFT JOIN evaluation.carried.first_touched AS touched ON before.framework = touched.framework '
    || 'AND before.metric = touched.metric WHERE touched.first_day IS NULL OR before."{1}" < touched.first_day '
    || 'UNION ALL FROM evaluation.carried."{0}"',
    $view, $day
)
