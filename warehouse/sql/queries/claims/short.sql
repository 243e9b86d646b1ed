-- What others claim, for people.
SELECT
    claim, reading, verdict, claimed, CAST(round(our_value) AS BIGINT) AS our_value, first_reached_on, held_until,
    round(coverage, 3) AS coverage, reason
FROM claims
ORDER BY position, reading
