CREATE VIEW releases AS
SELECT
    packages.framework, releases.package, releases.version, CAST(releases.released_at AS DATE) AS released_on,
    releases.is_prerelease, releases.is_yanked
FROM raw.pypi_releases AS releases
INNER JOIN core.current_answers AS answers USING (content_id)
INNER JOIN core.framework_packages AS packages
    ON packages.package = regexp_replace(lower(releases.package), '[-_.]+', '-', 'g')
CROSS JOIN core.clock AS clock
WHERE answers.row_type = 'pypi_releases'
    AND packages.role = 'counted'
    AND CAST(releases.released_at AS DATE) <= clock.as_of
QUALIFY row_number() OVER (
    PARTITION BY packages.framework, releases.package, releases.version
    ORDER BY answers.recency DESC, releases.released_at, releases.is_prerelease, releases.is_yanked
) = 1;

COMMENT ON VIEW releases IS 'Versions on the package index. Grain: framework, package, version.';
COMMENT ON COLUMN releases.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN releases.package IS 'Package on the package index.';
COMMENT ON COLUMN releases.version IS 'Version as PEP 440 writes it.';
COMMENT ON COLUMN releases.released_on IS 'UTC day on which the first file of the version was uploaded.';
COMMENT ON COLUMN releases.is_prerelease IS 'Alpha, beta, release candidate or development version.';
COMMENT ON COLUMN releases.is_yanked IS 'Withdrawn by its authors (PEP 592).';
