CREATE VIEW report_issues AS
SELECT report_id, as_of, definitions_version, artefact, sha256, recipients, sent_at, query_texts, said
FROM raw.report_issues;

COMMENT ON VIEW report_issues IS 'Reports that were written or sent. Grain: report_id, artefact.';
COMMENT ON COLUMN report_issues.report_id IS 'Identifies a report.';
COMMENT ON COLUMN report_issues.as_of IS 'Day as of which it answers.';
COMMENT ON COLUMN report_issues.definitions_version IS 'Changes with any definition of a view in this warehouse.';
COMMENT ON COLUMN report_issues.artefact IS 'File of the report.';
COMMENT ON COLUMN report_issues.sha256 IS 'Hash of the file: built again for the same day it is the same.';
COMMENT ON COLUMN report_issues.recipients IS 'Who got it.';
COMMENT ON COLUMN report_issues.sent_at IS 'UTC; NULL where it was not sent.';
COMMENT ON COLUMN report_issues.query_texts IS 'The queries behind its figures.';
COMMENT ON COLUMN report_issues.said IS 'Of the page, as JSON: the verdict and level of each framework and metric, the breaks that were known, the sources that were stale. The next report tells what has changed since. NULL for other files and older reports.';
