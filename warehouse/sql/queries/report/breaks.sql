-- Days from which a source counts differently, and losses, as far as they touch the two years shown, and which series
-- each of them touches.
SELECT breaks.source, breaks.metric, breaks.effective_on, breaks.kind, breaks.what_changed, breaks.evidence,
       breaks.entity, breaks.ends_on,
       list(DISTINCT (touched.framework, touched.metric, touched.service)) FILTER (WHERE touched.metric IS NOT NULL) AS touches
FROM measurement_breaks AS breaks
LEFT JOIN series_breaks AS touched
  ON breaks.source = touched.break_source AND breaks.metric = touched.break_metric
  AND breaks.entity = touched.entity AND breaks.kind = touched.kind
  AND breaks.effective_on = touched.effective_on AND breaks.what_changed = touched.what_changed
WHERE breaks.effective_on <= $last_day AND coalesce(breaks.ends_on, breaks.effective_on) >= $first_day
GROUP BY ALL
ORDER BY breaks.effective_on, breaks.source, breaks.metric, breaks.entity, breaks.what_changed
