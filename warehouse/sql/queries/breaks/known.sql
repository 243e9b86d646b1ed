-- Breaks that are known for every series of a service, by service.
SELECT services.service, breaks.metric, breaks.effective_on, breaks.ends_on
FROM core.breaks AS breaks
INNER JOIN core.services AS services
    ON breaks.break_source IN ('*', services.service, services.family, services.source)
WHERE breaks.kind <> 'suspected' AND breaks.entity = '*'
