-- Whether anything of a framework is known: neither the configuration is, nor the downloads of packages of no framework.
SELECT 1
FROM core.answers
WHERE row_type NOT IN ('', 'frameworks', 'framework_packages', 'breaks', 'claims')
    AND (row_type <> 'pypi_downloads' OR entity IN (SELECT package FROM core.framework_packages))
LIMIT 1
