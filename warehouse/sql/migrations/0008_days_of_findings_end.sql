-- The last day that a finding is about. Of findings from before, only the first is known.
ALTER TABLE raw.check_results ADD COLUMN last_day DATE;
