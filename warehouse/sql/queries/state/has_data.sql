-- Whether anything but the configuration is known.
SELECT 1 FROM core.answers WHERE row_type NOT IN ('', 'frameworks', 'framework_packages', 'breaks') LIMIT 1
