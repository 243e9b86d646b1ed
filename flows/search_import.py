"""`trends import-search`: browser exports of Google Trends become draws like any other.

Every file is read before anything is saved, and all are saved in one transaction: nothing is ever half loaded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from unicodedata import normalize
from uuid import uuid4

import duckdb
from pydantic import ValidationError

from flows.collecting.plan import configuration, search_query
from flows.config.settings import GoogleTrends, Settings
from flows.process.arguments import UsageError
from flows.process.private import kept_private
from flows.run import Night
from flows.sources.errors import TerminalError
from flows.sources.google.beside import TOGETHER
from flows.sources.google.browser_export import (
    DAY,
    HOUR,
    LARGEST_BYTES,
    MONTH,
    WEEK,
    Export,
    ExportError,
    Series,
    points,
    read_export,
)
from flows.sources.google.client import SOURCE
from flows.sources.google.trends import question
from warehouse import PUBLISHED, WAREHOUSE, checks
from warehouse.ledger import begin_run, begin_step, finish_run, finish_step
from warehouse.open import writing_warehouse
from warehouse.publish import snapshot
from warehouse.read.state import knows_request
from warehouse.rows import Answer
from warehouse.save import save_answers

# The timeframes for which Google's page has a button, by step and number of figures.
_BUTTONS = (
    (WEEK, range(260, 264), "today 5-y"),
    (WEEK, range(51, 55), "today 12-m"),
    (DAY, range(89, 94), "today 3-m"),
    (DAY, range(28, 33), "today 1-m"),
    (HOUR, range(166, 171), "now 7-d"),
)


@dataclass(frozen=True)
class Wanted:
    """What the command line says of the files; `names`: KEY in the order of the columns, or TERM=KEY; `geo`: where the
    searches were made, None: where the file says."""

    settings: Settings
    names: Sequence[str]
    geo: str | None
    now: datetime


def import_search(wanted: Wanted, exports: Sequence[Path]) -> Iterator[tuple[str, bool]]:
    """Load exports and publish them; yields a line for each file, True, and for whatever a check holds back, False.

    Raises UsageError for a file that cannot be used, and WarehouseError.
    """
    _refuse_unknown_place(wanted)
    read = [_read(wanted, file) for file in exports]
    data = wanted.settings.warehouse.data
    with kept_private(data), writing_warehouse(data / WAREHOUSE) as con:
        fresh = [answer for answers, _ in read for answer in answers if not knows_request(con, SOURCE, answer.request)]
        for answers, line in read:
            is_known = not any(answer in fresh for answer in answers)
            yield line + ("; loaded before, nothing changes" if is_known else ""), True
        if fresh:
            night = Night(wanted.settings, data, wanted.now, wanted.now.date())
            yield from ((line, False) for line in _load(con, night, fresh))
            snapshot.publish(con, data / PUBLISHED)


def _load(con: duckdb.DuckDBPyConnection, night: Night, answers: Sequence[Answer]) -> list[str]:
    """Save in a run of its own and check; returns a line for whatever was held back."""
    run_id, entity = uuid4().hex, "browser export"
    begin_run(
        con, run_id=run_id, flow="import-search", as_of=night.now.date(), started_at=night.now,
        program_version=version("framework-trends"),
    )  # fmt: skip
    begin_step(
        con, run_id=run_id, source=SOURCE, entity=entity, window_start=None, window_end=None, started_at=night.now
    )
    rows = save_answers(con, run_id, [*configuration(night), *answers])
    held = [item for item in checks.run_checks(con, run_id) if item.status == "failed"]
    lines = [f"withheld, {item.check_name}: {item.detail}" for item in held]
    finish_step(
        con, run_id=run_id, source=SOURCE, entity=entity, finished_at=night.now, status="failed" if held else "ok",
        rows=rows, error="; ".join(lines) or None,
    )  # fmt: skip
    finish_run(con, run_id, finished_at=night.now, status="partial" if held else "ok", error="\n".join(lines) or None)
    return lines


def _refuse_unknown_place(wanted: Wanted) -> None:
    if wanted.geo is None:
        return
    try:
        GoogleTrends(geo=wanted.geo)
    except ValidationError:
        why = 'write "" for worldwide, DE for a country, US-NY for a part of one'
        raise UsageError(f"--geo {wanted.geo}: {why}") from None


def _read(wanted: Wanted, file: Path) -> tuple[tuple[Answer, ...], str]:
    """The draws that a file holds, one for each region, and a line that says what was made of it."""
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}; nothing was loaded") from None
    try:
        export = read_export(content)
        _refuse_impossible(wanted, export)
        queries = _queries(wanted, export)
    except ExportError as error:
        raise UsageError(f"{file}: {error}; nothing was loaded") from None
    asked = {region: _question(wanted, export, region) for region in export.regions}
    digest, at = sha256(content).hexdigest(), min(wanted.now, export.end.replace(tzinfo=UTC))
    providers = [
        ExportDraws(
            export,
            {query: series for series, query in queries.items() if series.region == region},
            asked[region],
            digest,
            is_aside=asked[region] != question(wanted.settings.sources.google_trends),
            collected_at=at,
        )
        for region in export.regions
    ]
    answers = tuple(provider.draw(list(provider.columns), TOGETHER, None) for provider in providers)
    return answers, f"{file}: {_told(wanted, export, queries, list(asked.values()))}"


def _refuse_impossible(wanted: Wanted, export: Export) -> None:
    if wanted.geo is not None and len(export.regions) > 1:
        raise ExportError(export.names_line, f"regions {_listed(export.regions)}; --geo is for a file of one")
    if export.starts[-1].replace(tzinfo=UTC) > wanted.now + timedelta(days=1):  # a browser may be ahead of UTC
        raise ExportError(export.first_line + len(export.starts) - 1, f"{export.starts[-1]:%Y-%m-%d} is still to come")
    if not any(figure and figure[0] for series in export.series for figure in series.figures):
        raise ExportError(export.first_line, "no figure is above 0, so there is nothing to compare")


@dataclass(frozen=True)
class ExportDraws:
    """A Provider: what a browser saved, of one region. `columns`: the column of each term that can be asked for.

    Its draw is known by the hash of its file: the same file again is the same draw. `is_aside`: it answers another
    question than config.toml asks.
    """

    export: Export
    columns: Mapping[str, Series]
    asked: Mapping[str, str | int]
    digest: str
    is_aside: bool
    collected_at: datetime

    def draw(self, terms: Sequence[str], role: str, _link: str | None, /) -> Answer:
        """See Provider; how well a file is linked is not looked at. Raises TerminalError."""
        if missing := [term for term in terms if term not in self.columns]:
            raise TerminalError(SOURCE, f"the file has no column {_listed(missing)}", f"it has {_listed(self.columns)}")
        chosen = {self.columns[term]: term for term in terms}
        entity, export = "+".join(terms), self.export
        region = next(iter(chosen)).region
        request = {"sha256": self.digest, "region": region, "terms": entity, **self.asked}
        return Answer(
            service=SOURCE,
            entity=entity,
            request=json.dumps({"import": request}, sort_keys=True, ensure_ascii=False),
            collected_at=self.collected_at,
            rows=tuple(points(export, chosen)),
            window_start=export.starts[0].date(),
            window_end=export.end.date() - timedelta(days=1),
            state={
                "question": dict(self.asked), "origin": "import", "is_aside": self.is_aside,
                "preamble": export.preamble, **({"role": role} if role else {}),
            },
            body=export.text,
        )  # fmt: skip


def _queries(wanted: Wanted, export: Export) -> dict[Series, str]:
    """What Google is asked for each column. A column that stands for no framework keeps its own term."""
    terms = list(dict.fromkeys(series.term for series in export.series))
    settings = wanted.settings
    keys = _keys_said(settings, export, terms, wanted.names) or _keys_found(settings, terms)
    if not keys:
        known = _listed([framework.search_term for framework in settings.frameworks.values()])
        why = f"{_listed(terms)}: none is a search term of config.toml ({known}); say what they stand for with --as KEY"
        raise ExportError(export.names_line, why)
    chosen = list(keys.values())
    if twice := next((key for key in chosen if chosen.count(key) > 1), None):
        raise ExportError(export.names_line, f"two columns stand for {twice}; say which with --as TERM={twice}")
    asked = {term: search_query(settings, settings.frameworks[key])[0] for term, key in keys.items()}
    return {series: asked.get(series.term, series.term) for series in export.series}


def _keys_said(settings: Settings, export: Export, terms: Sequence[str], names: Sequence[str]) -> dict[str, str]:
    """Term -> key, as --as says it."""
    pairs = [tuple(name.rsplit("=", 1)) for name in names if "=" in name]
    if pairs and len(pairs) < len(names):
        raise UsageError("--as: give KEY for each column, or TERM=KEY, not both")
    if names and not pairs and len(names) != len(terms):
        why = f"{_listed(terms)}, but --as names {len(names)}; give one --as KEY for each, or --as TERM=KEY"
        raise ExportError(export.names_line, why)
    said = {_plain(term): key for term, key in pairs} if pairs else dict(zip(map(_plain, terms), names, strict=False))
    if missing := said.keys() - set(map(_plain, terms)):
        raise ExportError(export.names_line, f"--as: no column {_listed(sorted(missing))}; there are {_listed(terms)}")
    if unknown := sorted(set(said.values()) - settings.frameworks.keys()):
        raise UsageError(f"--as: {_listed(unknown)} is no framework of config.toml ({_listed(settings.frameworks)})")
    return {term: said[_plain(term)] for term in terms if _plain(term) in said}


def _keys_found(settings: Settings, terms: Sequence[str]) -> dict[str, str]:
    """Term -> key of the framework that is searched for by this term, or whose topic Google calls so."""
    words = {
        _plain(word): key
        for key, framework in settings.frameworks.items()
        for word in (framework.label, framework.search_topic, framework.search_term)
        if word
    }
    return {term: words[_plain(term)] for term in terms if _plain(term) in words}


def _question(wanted: Wanted, export: Export, region: str) -> dict[str, str | int]:
    """What the file answers: the question of config.toml, as far as nothing in it says otherwise."""
    asked = question(wanted.settings.sources.google_trends)
    place = wanted.geo
    if place is None and region:
        place = "" if _plain(region) in _worldwide() else region
    known = {} if place is None else {"geo": place}
    return {**asked, **known, "timeframe": _timeframe(export, str(asked["timeframe"]))}


def _worldwide() -> frozenset[str]:
    """What Google calls everywhere. Of a language that is not listed it is taken for a place of its own, which mixes
    with no other, until --geo "" says what it is."""
    return frozenset(files("flows.sources.google").joinpath("worldwide.txt").read_text(encoding="utf-8").splitlines())


def _timeframe(export: Export, configured: str) -> str:
    first, last = export.starts[0].date(), export.end.date() - timedelta(days=1)
    if _spans(configured, first, last):
        return configured
    if export.step == MONTH and first == date(2004, 1, 1):
        return "all"
    buttons = (frame for step, counts, frame in _BUTTONS if step == export.step and len(export.starts) in counts)
    return next(buttons, f"{first} {last}")


def _spans(timeframe: str, first: date, last: date) -> bool:
    """Whether two days as config.toml names them are in the first and the last week of an export."""
    try:
        begins, ends = map(date.fromisoformat, timeframe.split())
    except ValueError:
        return False
    return timedelta() <= begins - first < timedelta(days=7) and timedelta() <= last - ends < timedelta(days=7)


def _told(
    wanted: Wanted, export: Export, queries: Mapping[Series, str], asked: Sequence[Mapping[str, str | int]]
) -> str:
    """What was made of a file: what each column stands for, when and where, and why it is perhaps not shown."""
    stands = [s.term if s.term == query else f"{s.term} as {query}" for s, query in queries.items()]
    first, *_, last = [f"{start:%Y-%m-%d}" for start in export.starts]
    told = (
        f"{', '.join(dict.fromkeys(stands))}; by the {export.step.lower()}, {len(export.starts)} from {first} to "
        f"{last}, the last left out as perhaps not over; {', '.join(str(item['geo']) or 'worldwide' for item in asked)}"
    )
    configured = question(wanted.settings.sources.google_trends)
    other = [name for name in ("geo", "timeframe") if any(item[name] != configured[name] for item in asked)]
    if not other:
        return told
    hint = f' (if it is the same place, say so with --geo "{configured["geo"]}")' if "geo" in other else ""
    return f"{told}; another {' and '.join(other)} than in config.toml, so it never mixes with those figures{hint}"


def _plain(term: str) -> str:
    return " ".join(normalize("NFKC", term).casefold().split())


def _listed(words: Sequence[str] | Mapping[str, object]) -> str:
    return ", ".join(map(repr, words))
