"""Changes of what a project asks for in the messages of commits, seen in how many name a coding agent."""

from __future__ import annotations

import duckdb

from warehouse.read.queries import query
from warehouse.rows import Break


def trailer_breaks(con: duckdb.DuckDBPyConnection) -> tuple[Break, ...]:
    """A suspected break for each month in which the share of commits with an agent's trailer changed fivefold.

    The work need not have changed: a project begins to ask for trailers, or a tool ceases to leave them.
    """
    return tuple(
        Break(
            break_source="git",
            metric="commits_with_agent_trailer",
            effective_on=month,
            kind="suspected",
            what_changed="how commits name coding agents in trailers changed, by another policy or another tool",
            evidence=f"share of commits in three months: {100 * before:.1f} % before, {100 * after:.1f} % after",
            entity=repository,
        )
        for repository, month, before, after in con.execute(query("breaks/trailers")).fetchall()
    )
