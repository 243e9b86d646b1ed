-- Reports that the definitions of today may give again: day and hash of the page.
SELECT as_of, sha256
FROM raw.report_issues
WHERE artefact = 'report.html' AND definitions_version = (SELECT definitions_version FROM raw.view_definitions)
