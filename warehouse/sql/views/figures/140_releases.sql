CREATE VIEW releases AS
WITH told AS (
    SELECT
        parts.content_id, parts.recency, releases.package, releases.version, releases.released_at,
        releases.is_prerelease, releases.is_yanked
    FROM raw.pypi_releases AS releases
    INNER JOIN core.current_parts AS parts ON releases.content_id = parts.part_id
    WHERE parts.row_type = 'pypi_releases'
    GROUP BY ALL
    HAVING NOT arg_max(releases.is_gone, parts.step)
)

SELECT
    packages.framework, told.package, told.version, CAST(told.released_at AS DATE) AS released_on,
    told.is_prerelease, told.is_yanked
FROM told
INNER JOIN core.framework_packages AS packages
    ON packages.package = regexp_replace(lower(told.package), '[-_.]+', '-', 'g')
CROSS JOIN core.clock AS clock
WHERE packages.role = 'counted'
    AND CAST(told.released_at AS DATE) <= clock.as_of
QUALIFY row_number() OVER (
    PARTITION BY packages.framework, told.package, told.version
    ORDER BY told.recency DESC, told.released_at, told.is_prerelease, told.is_yanked
) = 1;

COMMENT ON VIEW releases IS 'Versions on the package index. Grain: framework, package, version.';
COMMENT ON COLUMN releases.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN releases.package IS 'Package on the package index.';
COMMENT ON COLUMN releases.version IS 'Version as PEP 440 writes it.';
COMMENT ON COLUMN releases.released_on IS 'UTC day on which the first file of the version was uploaded.';
COMMENT ON COLUMN releases.is_prerelease IS 'Alpha, beta, release candidate or development version.';
COMMENT ON COLUMN releases.is_yanked IS 'Withdrawn by its authors (PEP 592).';
