-- Which packages belong to a framework, those that install its own included.
SELECT framework, package
FROM core.framework_packages
ORDER BY framework, package
