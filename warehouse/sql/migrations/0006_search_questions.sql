-- A draw of Google Trends says in its state what was asked ("question"): draws of different questions never mix. What was
-- drawn before says so in its request.
UPDATE raw.answers
SET state = json_merge_patch(
    coalesce(state, '{}'),
    json_object(
        'question',
        json_object(
            'geo', coalesce(json_extract_string(request, '$.explore.req.comparisonItem[0].geo'), ''),
            'timeframe', json_extract_string(request, '$.explore.req.comparisonItem[0].time'),
            'match', CASE WHEN entity LIKE '/%' OR entity LIKE '%+/%' THEN 'topic' ELSE 'term' END,
            'category', coalesce(TRY_CAST(json_extract_string(request, '$.explore.req.category') AS INTEGER), 0),
            'property', coalesce(json_extract_string(request, '$.explore.req.property'), '')
        )
    )
)
WHERE service = 'google_trends'
    AND json_valid(request)
    AND json_exists(request, '$.explore.req.comparisonItem[0].time')
    AND NOT json_exists(coalesce(state, '{}'), '$.question');
