-- What the last report of an earlier day said, and the last one that is four weeks old or older, where that is another.
SELECT as_of, arg_max(said, report_id) AS said
FROM report_issues
WHERE artefact = 'report.html' AND said IS NOT NULL AND as_of < $as_of
GROUP BY as_of
QUALIFY as_of = max(as_of) OVER () OR as_of = max(as_of) FILTER (WHERE as_of <= $as_of - 28) OVER ()
ORDER BY as_of DESC
