-- Whether a commit's message names a coding agent beside its author; histories are walked again for it.
ALTER TABLE raw.git_commits ADD COLUMN has_agent_trailer BOOLEAN DEFAULT false;
