CREATE VIEW claim_lineage AS
SELECT
    claims.claim, claims.reading, answers.service, answers.entity, answers.answer_id, answers.run_id,
    answers.collected_at, told.request, answers.content_id, 'raw.' || answers.row_type AS raw_table
FROM core.claims AS claims
INNER JOIN core.metrics AS metrics USING (metric)
INNER JOIN core.frameworks AS frameworks USING (framework)
INNER JOIN core.current_answers AS answers
    ON metrics.source = answers.source AND metrics.raw_table = 'raw.' || answers.row_type AND answers.row_count > 0
INNER JOIN raw.answers AS told USING (answer_id)
LEFT JOIN core.claim_packages AS packages ON claims.position = packages.position AND answers.entity = packages.package
WHERE packages.package IS NOT NULL OR answers.entity = frameworks.repository;
COMMENT ON VIEW claim_lineage IS 'The answers that the figures beside a claim are made from. Grain: claim, reading, answer_id.';
COMMENT ON COLUMN claim_lineage.claim IS 'Name of the claim in config.toml.';
COMMENT ON COLUMN claim_lineage.reading IS 'Name of the reading in config.toml.';
COMMENT ON COLUMN claim_lineage.service IS 'Service that answered.';
COMMENT ON COLUMN claim_lineage.entity IS 'Package or repository that was asked about.';
COMMENT ON COLUMN claim_lineage.answer_id IS 'Identifies the answer in raw.answers.';
COMMENT ON COLUMN claim_lineage.run_id IS 'Run in which the answer was collected; see collection_runs.';
COMMENT ON COLUMN claim_lineage.collected_at IS 'When, UTC.';
COMMENT ON COLUMN claim_lineage.request IS 'The request in full, JSON, without secrets.';
COMMENT ON COLUMN claim_lineage.content_id IS 'Names the rows of the answer in raw_table.';
COMMENT ON COLUMN claim_lineage.raw_table IS 'Table that holds the rows.';

CREATE VIEW claims AS
WITH checks AS (
    SELECT
        *,
        at_test.observed / expected_at_test AS coverage_at_test,
        observed_then / expected_then AS coverage_then,
        list_filter(all_breaks, lambda found: found.day <= tested_on) AS breaks_at_test,
        list_filter(all_breaks, lambda found: found.day <= reached_on) AS breaks_then,
        at_test.value BETWEEN value_low - 0.5 AND coalesce(value_high + 0.5, at_test.value) AS fits_at_test,
        at_test.low >= value_low - 0.5 AND at_test.high <= coalesce(value_high + 0.5, at_test.high) AS fits_wholly,
        at_end.value BETWEEN value_low - 0.5 AND coalesce(value_high + 0.5, at_end.value) AS fits_at_end,
        last_day IS NULL AS is_open
    FROM core.claim_checks
),

-- What stands against a plain answer, in words, in the order in which it is told.
doubted AS (
    SELECT
        *,
        CASE
            WHEN value IS NULL AND begins_from IS NULL THEN 'It names no figure that could be checked.'
            WHEN aggregate NOT IN ('sum', 'last')
                THEN format('{} is no count that adds up: there is no figure to set beside it.', label)
            WHEN made_on >= as_of THEN format('It is of {}, and figures end before {}.', made_on, as_of)
            WHEN begins_on > ends_on THEN format('It begins on {}; figures end before {}.', first_day, as_of)
            WHEN at_test.value IS NULL
                THEN format(
                    'There are no figures of {}{} for this time.', lower(label),
                    CASE basis WHEN '' THEN '' ELSE format(' on the basis {}', basis) END
                )
        END AS unknown,
        CASE WHEN coverage_at_test < 0.95 THEN format('Only {:.0f} % of its days were observed.', floor(100 * coverage_at_test)) END
            AS thin,
        CASE WHEN len(breaks_at_test) > 0
            THEN format(
                '{} inside: {}: {}.',
                CASE len(breaks_at_test) WHEN 1 THEN 'One break lies' ELSE format('{} breaks lie', len(breaks_at_test)) END,
                list_sort(breaks_at_test)[1].day, list_sort(breaks_at_test)[1].what
            )
        END AS broken,
        len(list_filter(breaks_at_test, lambda found: found.is_loss)) > 0 AS has_losses,
        CASE
            WHEN at_test.low > value_high + 0.5 THEN at_test.value / value
            WHEN at_test.high < value_low - 0.5 THEN value / greatest(at_test.value, 1)
        END AS factor,
        at_test.low > value_high + 0.5 AS is_too_low
    FROM checks
),

judged AS (
    SELECT
        *,
        CASE
            WHEN unknown IS NOT NULL THEN 'not checkable'
            WHEN begins_from IS NOT NULL AND began_on < begins_from THEN 'contradicted'
            WHEN begins_from IS NOT NULL AND source <> 'git_history' THEN 'not checkable'
            WHEN begins_from IS NOT NULL AND began_on > begins_until THEN 'contradicted'
            WHEN begins_from IS NOT NULL THEN CASE WHEN broken IS NULL THEN 'holds' ELSE 'not checkable' END
            WHEN fits_at_test AND fits_at_end THEN
                CASE WHEN thin IS NULL AND broken IS NULL AND fits_wholly THEN 'holds' ELSE 'not checkable' END
            WHEN is_open AND fits_from IS NOT NULL AND (made_on IS NULL OR fits_at_test)
                THEN CASE WHEN coverage_then < 0.95 THEN 'not checkable' ELSE 'outdated' END
            WHEN factor IS NULL THEN 'not checkable'
            WHEN NOT is_too_low AND (thin IS NOT NULL OR has_losses) THEN 'not checkable'
            WHEN factor >= 1.5 THEN 'off by a factor'
            ELSE 'contradicted'
        END AS verdict
    FROM doubted
),

-- The words: first what was found, then what stands against it.
worded AS (
    SELECT
        *,
        CASE
            WHEN unknown IS NOT NULL THEN unknown
            WHEN begins_from IS NOT NULL AND verdict = 'not checkable' AND source <> 'git_history'
                THEN format('Figures begin on {}; what was before is not known.', began_on)
            WHEN begins_from IS NOT NULL THEN format('The first day with any is {}.', began_on)
            WHEN verdict = 'holds' THEN format('{:,} on {}.', CAST(round(at_test.value) AS BIGINT), tested_on)
            WHEN verdict = 'outdated'
                THEN format(
                    'Reached on {}, right until {}; {:,} on {}.',
                    reached_on, fits_until, CAST(round(at_end.value) AS BIGINT), ends_on
                )
            WHEN is_open AND fits_from IS NOT NULL AND coverage_then < 0.95 AND NOT fits_at_end
                THEN format(
                    'It may have been right about {}, when only {:.0f} % of the days before it were observed.',
                    reached_on, floor(100 * coverage_then)
                )
            WHEN factor IS NOT NULL
                THEN format(
                    'Too {}{}: {:,} on {}.',
                    CASE WHEN is_too_low THEN 'low' ELSE 'high' END,
                    CASE WHEN factor >= 1.5 THEN format(' by a factor of {:.1f}', factor)
                        ELSE format(', by {:.1f} %', 100 * abs(at_test.value / value - 1)) END,
                    CAST(round(at_test.value) AS BIGINT), tested_on
                )
            WHEN at_test.value IS NOT NULL AND value IS NOT NULL
                THEN format(
                    'From {:,} to {:,} on {}, by how windows that overlap are read.',
                    CAST(round(at_test.low) AS BIGINT), CAST(round(at_test.high) AS BIGINT), tested_on
                )
        END AS found
    FROM judged
),

-- A claim holds where all its readings do, else under those readings only.
agreed AS (
    SELECT
        *, bool_and(verdict = 'holds') OVER (PARTITION BY claim) AS all_hold,
        CASE method WHEN 'filled' THEN ', missing days as the day before' WHEN 'told' THEN ', missing days left out' ELSE '' END
            AS method_text,
        count(DISTINCT told_basis) OVER (PARTITION BY position) > 1 AS has_bases
    FROM worded
),

answers AS (
    SELECT claim, reading, string_agg(DISTINCT service, ', ' ORDER BY service) AS services, count(*) AS answers,
        max(collected_at) AS collected_at
    FROM claim_lineage
    GROUP BY claim, reading
),

packages AS (
    SELECT position, string_agg('''' || package || '''', ', ' ORDER BY package) AS names
    FROM core.claim_packages
    GROUP BY position
)

SELECT
    agreed.claim,
    agreed.reading || CASE WHEN agreed.has_bases THEN format(', counted: {}', agreed.told_basis) ELSE '' END
        || agreed.method_text AS reading,
    agreed.value AS claimed,
    CASE WHEN agreed.begins_from IS NULL THEN CASE agreed.verdict WHEN 'outdated' THEN agreed.at_end.value ELSE agreed.at_test.value END END
        AS our_value,
    CASE WHEN agreed.begins_from IS NULL THEN CASE agreed.verdict WHEN 'outdated' THEN agreed.at_end.low ELSE agreed.at_test.low END END
        AS low,
    CASE WHEN agreed.begins_from IS NULL THEN CASE agreed.verdict WHEN 'outdated' THEN agreed.at_end.high ELSE agreed.at_test.high END END
        AS high,
    CASE agreed.verdict WHEN 'outdated' THEN agreed.coverage_then ELSE agreed.coverage_at_test END AS coverage,
    CASE WHEN agreed.verdict = 'holds' AND NOT agreed.all_hold THEN 'holds under this reading only' ELSE agreed.verdict END AS verdict,
    concat_ws(' ',
        agreed.found,
        CASE WHEN agreed.unknown IS NULL AND agreed.verdict <> 'outdated' THEN agreed.thin END,
        CASE
            WHEN agreed.verdict = 'outdated' AND len(agreed.breaks_then) > 0
                THEN format('{} break{} before that.', len(agreed.breaks_then), CASE len(agreed.breaks_then) WHEN 1 THEN ' lies' ELSE 's lie' END)
            WHEN agreed.unknown IS NULL AND agreed.verdict <> 'outdated' THEN agreed.broken
        END
    ) AS reason,
    CASE WHEN agreed.begins_from IS NULL THEN agreed.reached_on ELSE agreed.began_on END AS first_reached_on,
    CASE WHEN agreed.value IS NOT NULL THEN agreed.fits_until END AS held_until,
    agreed.as_of AS checked_as_of,
    versions.definitions_version,
    coalesce(
        format('{} of {}, the last of {}', CASE answers.answers WHEN 1 THEN 'One answer' ELSE format('{} answers', answers.answers) END, answers.services, CAST(answers.collected_at AS DATE)),
        'no answers'
    ) AS lineage,
    agreed.framework,
    agreed.quote,
    agreed.source_name,
    nullif(agreed.source_url, '') AS source_url,
    agreed.made_on,
    agreed.begins_from,
    agreed.begins_until,
    agreed.metric,
    agreed.told_basis AS basis,
    agreed.begins_on AS counted_from,
    agreed.tested_on AS counted_until,
    agreed.position,
    CASE
        WHEN agreed.unknown IS NOT NULL THEN NULL
        WHEN packages.names IS NOT NULL
            THEN format(
                'SELECT sum(value) FROM core.package_days WHERE package IN ({}) AND basis = ''{}'' AND day BETWEEN ''{}'' AND ''{}''{}',
                packages.names, agreed.told_basis, agreed.begins_on, agreed.tested_on,
                CASE agreed.method WHEN 'told' THEN ' AND is_observed' ELSE '' END
            )
        ELSE format(
            'SELECT {} FROM daily_metrics WHERE framework = ''{}'' AND metric = ''{}'' AND day BETWEEN ''{}'' AND ''{}''',
            CASE WHEN agreed.begins_from IS NOT NULL THEN 'min(day)' WHEN agreed.aggregate = 'last' THEN 'max_by(value, day)'
                ELSE 'sum(value)' END,
            agreed.framework, agreed.metric, agreed.begins_on, agreed.tested_on
        )
    END AS query
FROM agreed
CROSS JOIN (SELECT max(definitions_version) AS definitions_version FROM raw.view_definitions) AS versions
LEFT JOIN answers ON agreed.claim = answers.claim AND agreed.reading = answers.reading
LEFT JOIN packages ON agreed.position = packages.position;

COMMENT ON VIEW claims IS 'What others claim of a framework, as config.toml quotes it, beside what was counted. Grain: claim, reading. A reading of downloads has a row for each basis that it may mean, and where days are missing one for each honest way to treat them.';
COMMENT ON COLUMN claims.claim IS 'Name of the claim in config.toml.';
COMMENT ON COLUMN claims.reading IS 'In which way the claim is taken to be meant.';
COMMENT ON COLUMN claims.claimed IS 'The number that is claimed; NULL where it names none, or a time.';
COMMENT ON COLUMN claims.our_value IS 'What was counted from counted_from to counted_until, in the unit of the metric; of what is outdated up to now.';
COMMENT ON COLUMN claims.low IS 'The least that can be by how windows that overlap are read.';
COMMENT ON COLUMN claims.high IS 'The most that can be by how windows that overlap are read.';
COMMENT ON COLUMN claims.coverage IS 'Share of the days from counted_from to counted_until that were observed whole, 0-1; of what is outdated up to first_reached_on.';
COMMENT ON COLUMN claims.verdict IS 'holds; holds under this reading only (other readings of the claim do not); outdated: it held from first_reached_on to held_until; off by a factor: of 1.5 or more; contradicted; not checkable. Nothing holds where less than 95 % of the days were observed, or with a break inside. A number stands for what would be rounded to it, 5 % at most.';
COMMENT ON COLUMN claims.reason IS 'What was found, and what stands against a plain answer.';
COMMENT ON COLUMN claims.first_reached_on IS 'First day at whose end the figure was at least the claimed one, which dates a claim without a day; of a beginning the first day with any.';
COMMENT ON COLUMN claims.held_until IS 'Last day on which the claimed number was the figure, rounded.';
COMMENT ON COLUMN claims.checked_as_of IS 'Day of which the answer is.';
COMMENT ON COLUMN claims.definitions_version IS 'Version of the definitions that computed it; joins report_issues.';
COMMENT ON COLUMN claims.lineage IS 'The answers it is made from; one by one in claim_lineage.';
COMMENT ON COLUMN claims.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN claims.quote IS 'The claim, word for word.';
COMMENT ON COLUMN claims.source_name IS 'Where it stands.';
COMMENT ON COLUMN claims.source_url IS 'Its address; NULL where that is not known.';
COMMENT ON COLUMN claims.made_on IS 'Day on which it was claimed; NULL where that is not known.';
COMMENT ON COLUMN claims.begins_from IS 'First day of the time in which something is claimed to have begun; NULL for numbers.';
COMMENT ON COLUMN claims.begins_until IS 'Last day of that time.';
COMMENT ON COLUMN claims.metric IS 'What is counted, a name in metric_definitions.';
COMMENT ON COLUMN claims.basis IS 'On which basis.';
COMMENT ON COLUMN claims.counted_from IS 'First day that is counted, UTC.';
COMMENT ON COLUMN claims.counted_until IS 'Last day that is counted: made_on where it is known.';
COMMENT ON COLUMN claims.position IS 'Order in config.toml, from 0.';
COMMENT ON COLUMN claims.query IS 'SQL that gives our_value anew (for what is outdated: up to counted_until); NULL where there is nothing to count.';
