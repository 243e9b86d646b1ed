-- What a report said, so that the next one can tell what has changed.
ALTER TABLE raw.report_issues ADD COLUMN said VARCHAR;
