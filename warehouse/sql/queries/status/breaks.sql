-- Breaks that lie in the 12 months of a report or the 12 before, the newest first.
SELECT source, metric, effective_on, kind, what_changed
FROM measurement_breaks
WHERE effective_on <= (SELECT as_of FROM core.clock)
  AND coalesce(ends_on, effective_on) >= (SELECT as_of FROM core.clock) - INTERVAL 25 MONTHS
ORDER BY effective_on DESC, source, metric, what_changed
