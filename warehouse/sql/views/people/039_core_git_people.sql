-- Everybody who takes part in the histories: which addresses are one account, and which accounts one person.

CREATE VIEW core.git_people AS
SELECT
    frameworks.framework, people.address_key, people.author_key, people.person_key, people.kind, people.is_author,
    people.is_committer, people.is_co_author, people.organisation
FROM (
    SELECT
        parts.content_id, entries.repository, entries.address_key, entries.author_key, entries.person_key,
        entries.kind, entries.is_author, entries.is_committer, entries.is_co_author, entries.organisation
    FROM raw.git_people AS entries
    INNER JOIN core.current_parts AS parts ON entries.content_id = parts.part_id
    WHERE parts.row_type = 'git_people'
    GROUP BY ALL
    HAVING NOT arg_max(entries.is_gone, parts.step)
) AS people
INNER JOIN core.frameworks AS frameworks USING (repository);
COMMENT ON VIEW core.git_people IS 'Addresses that take part in the history of a framework, as keyed hashes, with account and person of each. Grain: framework, address_key.';
