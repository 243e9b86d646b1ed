-- No commit ids beside people: whoever has the id of a commit, or the second at which it was made, finds its author in the
-- public repository. Ids become hashes with the key of the identities, as flows/sources/git/identities.py makes them, and
-- of the times the day is left. Names of contents and answers were hashes of the ids and times, and what one person's
-- commit says is quickly guessed, so they are hashed too. Where the key is not there, as in a warehouse that was restored
-- from its copy, a key that nobody keeps takes its place: the next night reads such histories anew.

CREATE TEMPORARY MACRO padded(identity, pad) AS
    CAST(xor(CAST(unhex(rpad(identity, 128, '0')) AS BIT), CAST(unhex(repeat(pad, 64)) AS BIT)) AS BLOB);
CREATE TEMPORARY TABLE hashing AS
SELECT padded(identity, '36') AS inner_key, padded(identity, '5C') AS outer_key
FROM (SELECT coalesce((SELECT value FROM raw.secrets WHERE name = 'identity_key'), sha256(CAST(uuid() AS VARCHAR))) AS identity);
-- HMAC-SHA256 of what and text, in `digits` hex digits.
CREATE TEMPORARY MACRO keyed(what, digits, text) AS (
    SELECT left(sha256(outer_key || unhex(sha256(inner_key || encode(what || ' ' || text)))), digits) FROM hashing
);

CREATE TABLE raw.commits_without_ids AS
SELECT
    keyed('content', 64, content_id) AS content_id,
    repository,
    keyed('commit', 20, commit_sha) AS commit_key,
    author_key,
    author_kind,
    CAST(committed_at AS DATE) AS committed_on,
    is_merge,
    has_agent_trailer
FROM raw.git_commits
ORDER BY content_id, commit_key;
DROP TABLE raw.git_commits;
ALTER TABLE raw.commits_without_ids RENAME TO git_commits;

CREATE TEMPORARY TABLE renamed AS
SELECT answer_id, keyed('answer', 64, answer_id) AS new_id FROM raw.answers WHERE service = 'git';
UPDATE raw.run_answers AS told SET answer_id = renamed.new_id FROM renamed WHERE told.answer_id = renamed.answer_id;
UPDATE raw.quarantine AS held SET answer_id = renamed.new_id FROM renamed WHERE held.answer_id = renamed.answer_id;
UPDATE raw.answers
SET
    answer_id = keyed('answer', 64, answer_id),
    content_id = keyed('content', 64, content_id),
    request = json_merge_patch(request, json_object(
        'since', keyed('commit', 20, json_extract_string(request, '$.since')),
        'until', keyed('commit', 20, json_extract_string(request, '$.until'))
    )),
    state = json_merge_patch(state, json_object('tip', keyed('commit', 20, json_extract_string(state, '$.tip'))))
WHERE service = 'git';

DROP TABLE renamed;
DROP TABLE hashing;
DROP MACRO keyed;
DROP MACRO padded;
