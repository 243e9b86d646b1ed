-- Where the 12 months cannot be compared: the longest two windows that can.
SELECT framework, metric, weeks, window_start, window_end, previous_start, previous_end, value, previous_value,
       change, change_low, change_high, control_change, relative_change, relative_low, relative_high, reason, limits,
       basis, service
FROM longest_comparison
WHERE day = $last_day
ORDER BY framework, metric
