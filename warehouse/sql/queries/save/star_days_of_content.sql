-- The days of which a content has rows already.
SELECT day FROM raw.repository_stars WHERE content_id = $content_id
