-- The version of the views in this file.
SELECT definitions_version FROM raw.view_definitions
