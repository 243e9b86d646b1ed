-- Days from which a source counts differently, as far as they touch the figures shown.
SELECT source, metric, effective_on, kind, what_changed, evidence
FROM measurement_breaks
WHERE effective_on BETWEEN $first_day AND $last_day
ORDER BY effective_on, source, metric, what_changed
