-- The first day that a finding is about, where it is about days.
ALTER TABLE raw.check_results ADD COLUMN first_day DATE;
