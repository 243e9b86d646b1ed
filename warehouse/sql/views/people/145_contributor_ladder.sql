CREATE VIEW contributor_ladder AS
-- How many there are on each step. A person is no single one where any of the addresses is a machine or masked.
WITH persons AS (
    SELECT
        framework, person_key, bool_or(is_author) AS is_author, bool_or(is_co_author) AS is_co_author,
        bool_or(is_committer) AS is_committer, bool_and(kind = 'person') AS is_person
    FROM core.git_people
    GROUP BY framework, person_key
),

counts AS (
    SELECT
        framework,
        count(*) FILTER (WHERE is_author) AS addresses,
        count(DISTINCT author_key) FILTER (WHERE is_author) AS accounts
    FROM core.git_people
    GROUP BY framework
),

steps AS (
    SELECT
        counts.framework,
        unnest([
            struct_pack(
                step := 1, name := 'addresses', people := counts.addresses,
                what := 'Addresses of authors of commits, merges too'
            ),
            struct_pack(
                step := 2, name := 'accounts', people := counts.accounts,
                what := 'Addresses of one account are one: those that GitHub hides, by their number, and those of the mailmap'
            ),
            struct_pack(
                step := 3, name := 'people', people := persons.authors,
                what := 'Accounts with the same rare full name are one person'
            ),
            struct_pack(
                step := 4, name := 'people_without_bots', people := persons.single,
                what := 'Machines and names that mask a group are left out'
            ),
            struct_pack(
                step := 5, name := 'with_co_authors', people := persons.with_co_authors,
                what := 'Who is named as a co-author in a trailer, and is no author, is added'
            ),
            struct_pack(
                step := 6, name := 'with_committers', people := persons.with_committers,
                what := 'Who only commits what others wrote is added'
            )
        ], recursive := true)
    FROM counts
    INNER JOIN (
        SELECT
            framework,
            count(*) FILTER (WHERE is_author) AS authors,
            count(*) FILTER (WHERE is_author AND is_person) AS single,
            count(*) FILTER (WHERE (is_author OR is_co_author) AND is_person) AS with_co_authors,
            count(*) FILTER (WHERE is_person) AS with_committers
        FROM persons
        GROUP BY framework
    ) AS persons USING (framework)
)

SELECT
    framework,
    step,
    name,
    people,
    people - lag(people) OVER ladder AS difference,
    what AS explanation
FROM steps
WINDOW ladder AS (PARTITION BY framework ORDER BY step);

COMMENT ON VIEW contributor_ladder IS 'Why a number of contributors is not another one: from the addresses of authors to everybody who takes part, as far as the history was read. Grain: framework, step. Each step is the one before it plus its difference. GitHub counts otherwise: its list of contributors ties only the first 500 addresses of a history to accounts, and all others are anonymous to it, so a number from there is a floor.';
COMMENT ON COLUMN contributor_ladder.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN contributor_ladder.step IS 'Order of the steps, from 1.';
COMMENT ON COLUMN contributor_ladder.name IS 'addresses, accounts, people, people_without_bots, with_co_authors, with_committers.';
COMMENT ON COLUMN contributor_ladder.people IS 'How many there are. Contributors are at least as many as people and at most as many as addresses say: the true number lies between the merged and the unmerged one.';
COMMENT ON COLUMN contributor_ladder.difference IS 'people less that of the step before; NULL for the first.';
COMMENT ON COLUMN contributor_ladder.explanation IS 'What makes the difference.';
