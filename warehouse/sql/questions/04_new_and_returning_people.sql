-- Do new people come, and do the others stay?
-- Authors of complete months; the share of commits that machines and shared identities made says how far to trust it.
PIVOT (
    SELECT framework, month, metric, value
    FROM monthly_metrics
    WHERE is_complete
)
ON metric IN ('active_contributors', 'new_contributors', 'returning_contributors', 'commits', 'masked_or_bot_commits')
USING any_value(value)
ORDER BY framework, month DESC;
