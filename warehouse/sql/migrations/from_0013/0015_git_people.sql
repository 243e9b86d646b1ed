-- Everybody who takes part in a history, as keyed hashes: which addresses are one account, which accounts one person.
CREATE TABLE raw.git_people (
    content_id VARCHAR, repository VARCHAR, address_key VARCHAR, author_key VARCHAR, person_key VARCHAR, kind VARCHAR,
    is_author BOOLEAN, is_committer BOOLEAN, is_co_author BOOLEAN, is_gone BOOLEAN DEFAULT false
);
