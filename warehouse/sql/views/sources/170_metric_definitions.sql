CREATE VIEW metric_definitions AS
SELECT metric, unit, definition, basis, source, caveat, reference
FROM (
    VALUES
    (
        'search_interest', 'index 0-100',
        'Interest in the framework among Google searches worldwide, relative to the highest point of all frameworks in the latest draw; mean of the weeks.',
        'topic or term, as config.toml says; worldwide; all draws on the scale of the latest',
        'Google Trends',
        'Relative, not a number of searches; every request is a sample. A word has other meanings, a topic is what Google makes of it. Google changed how it collects in 2016 and 2022.',
        'https://support.google.com/trends/answer/4365533'
    ),
    (
        'pypi_downloads', 'downloads',
        'Downloads of the framework''s packages from the package index, added up where they are alternatives.',
        'all installers, mirrors included; pip only where the source counts no other',
        'ClickPy, else pypistats.org, else top-pypi-packages',
        'Machines, mirrors and repeated builds count; a download is no user. A package that others install as a dependency counts their downloads. Wheels served elsewhere (download.pytorch.org) are missing. Totals over windows are spread over months by their daily mean and count as complete from nine tenths of a month. See measurement_breaks.',
        'https://packaging.python.org/guides/analyzing-pypi-package-downloads/'
    ),
    (
        'pypi_downloads_without_mirrors', 'downloads',
        'pypi_downloads without the installers that copy the whole index: bandersnatch, z3c.pypimirror, Artifactory, devpi, and those that give no name.',
        'without mirrors, as pypistats.org counts',
        'ClickPy, else pypistats.org',
        'Mirrors that call themselves something else stay in.',
        'https://pypistats.org/about'
    ),
    (
        'pypi_downloads_lower_bound', 'downloads',
        'pypi_downloads less the downloads of the packages that install it as a dependency, never below 0; from the day of the dependency on.',
        'as pypi_downloads, less the packages in required_by of config.toml',
        'as pypi_downloads',
        'A bound, not an estimate: whoever installs both on purpose is taken away too. Only for frameworks with required_by.',
        'config.toml: required_by'
    ),
    (
        'commits', 'commits',
        'Commits of the default branch, by the day of the committer, UTC; merges excluded.',
        'default branch, merges excluded',
        'git history',
        'Projects commit in different styles: squashed pull requests make few large commits.',
        'https://chaoss.community/kb/metric-code-changes-commits/'
    ),
    (
        'active_contributors', 'people',
        'Distinct authors of at least one commit in the period; merges excluded.',
        'authors, all identities',
        'git history',
        'An identity is a mail address; people with several count several times (5 to 12 % high in these projects), and a masked identity stands for many people. Code moved in from another repository brings its authors.',
        'https://chaoss.community/kb/metric-contributors/'
    ),
    (
        'active_contributors_without_bots', 'people',
        'active_contributors without machines and without identities that mask a group of people.',
        'authors, persons only',
        'git history',
        'Where a company commits under one masked identity its authors are missing.',
        'https://chaoss.community/kb/metric-bot-activity/'
    ),
    (
        'new_contributors', 'people',
        'Authors whose first commit ever, merges included, is in the period.',
        'authors, all identities',
        'git history',
        'A person with a new mail address is new again.',
        'https://chaoss.community/kb/metric-new-contributors/'
    ),
    (
        'returning_contributors', 'people',
        'Active contributors whose first commit is earlier than the period.',
        'authors, all identities',
        'git history',
        'As active_contributors.',
        'https://chaoss.community/kb/metric-contributors/'
    ),
    (
        'contributor_absence_factor', 'people',
        'The fewest persons who made at least half of the commits of the period.',
        'authors, persons only, merges excluded',
        'git history',
        'Commits of machines and masked identities are left out, on both sides of the share.',
        'https://chaoss.community/kb/metric-contributor-absence-factor/'
    ),
    (
        'masked_or_bot_commits', 'commits',
        'Commits by machines or by identities that mask a group of people; merges excluded.',
        'default branch, merges excluded',
        'git history',
        'From a list that ships and can be extended in config.toml; an unknown machine counts as a person.',
        'https://chaoss.community/kb/metric-bot-activity/'
    ),
    (
        'stars', 'stars',
        'Stars given in the period by users who still star the repository.',
        'current stargazers by the day of the star',
        'GitHub REST',
        'Stars that are taken back disappear from the past. Stars can be bought.',
        'https://docs.github.com/en/rest/activity/starring'
    ),
    (
        'stars_total', 'stars',
        'Stars of the repository on the last day of the period.',
        'total on the day',
        'GitHub REST',
        'Known from the day on which collecting began.',
        'https://docs.github.com/en/rest/repos/repos'
    ),
    (
        'forks', 'forks',
        'Forks of the repository on the last day of the period.',
        'total on the day',
        'GitHub REST',
        'Known from the day on which collecting began. Most forks are never worked in.',
        'https://chaoss.community/kb/metric-technical-fork/'
    )
) AS known (metric, unit, definition, basis, source, caveat, reference);

COMMENT ON VIEW metric_definitions IS 'What each metric means. Grain: metric.';
COMMENT ON COLUMN metric_definitions.metric IS 'Name in daily_metrics, monthly_metrics and rolling_12_months.';
COMMENT ON COLUMN metric_definitions.unit IS 'Unit of value.';
COMMENT ON COLUMN metric_definitions.definition IS 'What is counted.';
COMMENT ON COLUMN metric_definitions.basis IS 'On which basis.';
COMMENT ON COLUMN metric_definitions.source IS 'Which services answer, the preferred one first.';
COMMENT ON COLUMN metric_definitions.caveat IS 'What to keep in mind.';
COMMENT ON COLUMN metric_definitions.reference IS 'Where the definition is from.';
