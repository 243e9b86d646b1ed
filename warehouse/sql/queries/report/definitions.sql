-- What each metric means and what to beware of.
SELECT metric, unit, definition, basis, source, caveat, reference
FROM metric_definitions
ORDER BY metric, basis, source
