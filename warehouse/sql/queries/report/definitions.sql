-- What each metric means and what to beware of.
SELECT metric, label, unit, definition, basis, answered_by, caveat, reference
FROM metric_definitions
ORDER BY metric
