-- What config.toml quotes of others, a row for each way in which a claim may be meant.

CREATE VIEW core.claims AS
SELECT * EXCLUDE (content_id)
FROM (
    SELECT
        parts.content_id, entries.claim, entries.quote, entries.source_name, entries.source_url, entries.made_on,
        entries.framework, entries.value, entries.value_low, entries.value_high, entries.begins_from,
        entries.begins_until, entries.reading, entries.position, entries.metric, entries.packages, entries.first_day,
        entries.last_day, entries.basis
    FROM raw.claims AS entries
    INNER JOIN core.current_parts AS parts ON entries.content_id = parts.part_id
    WHERE parts.row_type = 'claims'
    GROUP BY ALL
    HAVING NOT arg_max(entries.is_gone, parts.step)
);
COMMENT ON VIEW core.claims IS 'The claims of the last configuration that was loaded, a row for each reading.';
