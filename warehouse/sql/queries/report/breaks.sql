-- Days from which a source counts differently, and losses, as far as they touch the two years shown.
SELECT source, metric, effective_on, kind, what_changed, evidence, entity, ends_on
FROM measurement_breaks
WHERE effective_on <= $last_day AND coalesce(ends_on, effective_on) >= $first_day
ORDER BY effective_on, source, metric, entity, what_changed
