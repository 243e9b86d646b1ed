-- The domain of an address that several people share: for whom they work, where the address says so.
ALTER TABLE raw.git_people ADD COLUMN organisation VARCHAR DEFAULT '';
