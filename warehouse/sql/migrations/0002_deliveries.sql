-- Who got which period of which list: recipients only as keyed hashes, errors without addresses.
-- status: sending (handed to the mail server, no answer kept), sent, refused (for good), deferred (not accepted, may be later).

CREATE TABLE raw.deliveries (
    list_name VARCHAR, period VARCHAR, recipient_key VARCHAR, report_id VARCHAR,
    status VARCHAR, began_at TIMESTAMP, sent_at TIMESTAMP, error VARCHAR
);
