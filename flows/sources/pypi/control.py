"""The control series: all packages of the index together (`__all__` of pypistats.org), against which breaks are told
from changes, and days without downloads from days that were lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from threading import Lock

from flows.config.settings import PypiDownloads
from flows.sources.errors import SourceError
from flows.sources.http import HttpClient
from flows.sources.pypi.days import last_complete_day, nobody_knows, rows_of
from flows.sources.pypi.pypistats import ALL_PACKAGES, SOURCE, fetch_pypistats
from warehouse.rows import Answer


class Control:
    """Asked once a night, by its own step or by whoever first has to judge a day; threads may share it.

    `known`: the days on which any package was counted, as far as the warehouse knows.
    """

    def __init__(
        self,
        settings: PypiDownloads,
        client: HttpClient,
        *,
        first_day: date,
        last_day: date,
        collected_at: datetime,
        known: frozenset[date] = frozenset(),
    ) -> None:
        self._settings = settings
        self._client = client
        self.window = first_day, last_day
        self._collected_at = collected_at
        self._known = known
        self._lock = Lock()
        self._outcome: tuple[Answer, ...] | SourceError | None = None

    def fetch(self) -> Iterator[Answer]:
        """The answers on two bases, see fetch_pypistats. Raises TransientError, TerminalError, each time the same."""
        outcome = self._asked()
        if isinstance(outcome, SourceError):
            what = f"the control series of all packages: {outcome.what}"
            raise type(outcome)(SOURCE, what, "no figure of a framework is missing for it")
        yield from outcome

    def has(self, day: date) -> bool | None:
        """Whether anything was counted on `day`; None for days before the first known and after the last."""
        outcome = self._asked()
        rows = [] if isinstance(outcome, SourceError) else rows_of(outcome)
        days = self._known.union(row.period_start for row in rows if row.downloads)
        return day in days if days and min(days) <= day <= max(days) else None

    def _asked(self) -> tuple[Answer, ...] | SourceError:
        with self._lock:
            if self._outcome is None:
                self._outcome = self._ask()
            return self._outcome

    def _ask(self) -> tuple[Answer, ...] | SourceError:
        first_day, last_day = self.window
        try:
            return tuple(
                fetch_pypistats(
                    self._settings,
                    self._client,
                    package=ALL_PACKAGES,
                    first_day=first_day,
                    last_day=last_complete_day(first_day, last_day, self._collected_at),
                    collected_at=self._collected_at,
                    counted=nobody_knows,
                )
            )
        except SourceError as error:
            return error
