-- What each list of recipients was last told, so that one that waits for changes can be told of the next.
CREATE TABLE raw.list_states (list_name VARCHAR, as_of DATE, state VARCHAR);
