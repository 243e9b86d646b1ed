-- Whether a service has answered this very request before.
SELECT count(*) > 0
FROM raw.answers
WHERE service = $service AND request = $request
