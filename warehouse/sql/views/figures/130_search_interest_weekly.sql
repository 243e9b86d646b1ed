CREATE VIEW search_interest_weekly AS
SELECT
    framework,
    week_start,
    interest,
    interest_low,
    interest_high,
    draws,
    is_synthetic,
    search_match AS basis,
    share,
    control,
    by_chance,
    lasting
FROM core.search_weeks;

COMMENT ON VIEW search_interest_weekly IS 'Google search interest by the week, worldwide or in the place that geo in config.toml names. Grain: framework, week_start. Every request is a sample with its own scale; draws are brought to the scale of the latest one (100: its highest point) by the ratio of sums over common weeks and terms, and averaged, finer scales counting more: those of the last 30 days; weeks before the reach of these come from the last draw of an earlier year. The running week is left out.';
COMMENT ON COLUMN search_interest_weekly.framework IS 'Key of the framework in config.toml.';
COMMENT ON COLUMN search_interest_weekly.week_start IS 'Sunday on which the week starts, UTC.';
COMMENT ON COLUMN search_interest_weekly.interest IS 'Relative interest, 0-100 of the highest point of the latest draw; mean over the draws. Weeks that only earlier draws reach may lie above 100.';
COMMENT ON COLUMN search_interest_weekly.interest_low IS 'Lower end of the 95 % band of that mean.';
COMMENT ON COLUMN search_interest_weekly.interest_high IS 'Upper end of the 95 % band. From rounding (a figure v is anything from v - 0.5 to v + 0.5, "<1" anything from 0 to 1; many draws narrow that only as far as noise carries them across the border between two figures), from the spread between draws, weighted with the noise measured on repeated requests (4 % of the value, until the draws of the term say more), and from the scale of each draw.';
COMMENT ON COLUMN search_interest_weekly.draws IS 'How many requests of the last 30 days measured this week; 1 for a week that only an older one reaches.';
COMMENT ON COLUMN search_interest_weekly.is_synthetic IS 'Generated for the demonstration, not measured. Never mixed with measured draws.';
COMMENT ON COLUMN search_interest_weekly.basis IS 'topic: searches that Google assigns to the subject; term: searches with the word.';
COMMENT ON COLUMN search_interest_weekly.share IS 'Part of this framework in the interest in all frameworks of that week, 0-1: what moves all of them alike does not move it.';
COMMENT ON COLUMN search_interest_weekly.control IS 'Interest in the control of that week, on the same scale: a topic that is none of the frameworks and that small ones are linked through. What it shares with them is no popularity. NULL where none was asked for.';
COMMENT ON COLUMN search_interest_weekly.by_chance IS 'Variance of interest as a sample, in squared units of interest: over several weeks it averages out.';
COMMENT ON COLUMN search_interest_weekly.lasting IS 'Variance of interest by rounding that no number of draws averages out: over several weeks it does as far as these differ.';
