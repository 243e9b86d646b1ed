-- Breaks that are known for every series of a source, by source.
SELECT sources.source, breaks.metric, breaks.effective_on, breaks.ends_on
FROM core.breaks AS breaks
INNER JOIN core.sources AS sources
    ON breaks.break_source IN ('*', sources.source, sources.family)
WHERE breaks.kind <> 'suspected' AND breaks.entity = '*'
