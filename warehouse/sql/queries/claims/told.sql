-- What others claim, in the order of config.toml, beside what was counted.
SELECT
    claims.claim, claims.reading, claims.claimed, claims.our_value, claims.low, claims.high, claims.coverage,
    claims.verdict, claims.reason, claims.first_reached_on, claims.held_until, claims.checked_as_of,
    claims.definitions_version, claims.lineage, claims.framework, claims.quote, claims.source_name, claims.source_url,
    claims.made_on, claims.begins_from, claims.begins_until, claims.metric, claims.counted_until, claims.query
FROM claims
ORDER BY claims.position, claims.reading
