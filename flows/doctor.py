"""`trends doctor`: what the nightly job needs, looked at side by side; where something is wrong, what to do."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

import requests
import typer
from cronsim import CronSim

from flows.config.settings import GitHistory, Settings
from flows.diagnosis import data_folder, github, google_trends
from flows.diagnosis.finding import LIMIT_SECONDS, Finding, State
from flows.diagnosis.sizes import parts
from flows.mailing.post import try_mail_server
from flows.mailing.smtp import PostError
from flows.process.endings import ALL_DONE, INCOMPLETE
from flows.sources.errors import SourceError
from flows.sources.git import command
from flows.sources.git.busiest import LARGE_SHARE, busy_persons
from flows.sources.git.clone import clone_of, remote_head
from flows.sources.git.command import DamagedCloneError
from flows.sources.http import HttpClient
from flows.sources.pypi.releases import fetch_releases, index_client
from warehouse.printable import printable

GIGABYTE = 10**9
A_YEAR = 365  # nights
_COLOURS = {"ok": typer.colors.GREEN, "warning": typer.colors.YELLOW, "problem": typer.colors.RED}


Check = Callable[[], Finding]


def examine(settings: Settings, now: datetime, out: TextIO) -> int:
    """Look at everything, write a line each, and return 0 (all well) or 1 (something wants attention)."""
    checks = [*_on_this_machine(settings, now), *_upstreams(settings, now)]
    with ThreadPoolExecutor(max_workers=8) as pool:
        findings = list(pool.map(lambda check: check(), checks))
    for finding in findings:
        typer.echo(_line(finding), file=out)
    return ALL_DONE if {finding.state for finding in findings} == {"ok"} else INCOMPLETE


def _line(finding: Finding) -> str:
    mark = typer.style(f"{finding.state:<8}", fg=_COLOURS[finding.state])
    return f"{mark} {finding.what}: {finding.found}" + (f"; {finding.next_step}" if finding.next_step else "")


def _on_this_machine(settings: Settings, now: datetime) -> Iterator[Check]:
    yield partial(_config, settings)
    yield partial(_schedule, settings, now)
    yield partial(_disk, settings.warehouse.data, now)
    yield from data_folder.looks(settings.warehouse.data, now)
    yield _git
    if settings.mail.audiences:
        yield partial(_mail, settings)


def _upstreams(settings: Settings, now: datetime) -> Iterator[Check]:
    sources = settings.sources
    if sources.google_trends.enabled:
        yield partial(google_trends.look, settings)
    if sources.pypi_downloads.enabled:
        first, others = "pypi_downloads", "used when ClickPy fails"
        yield partial(_answers, f"{first} (ClickPy)", f"{sources.pypi_downloads.base_url}/ping")
        yield partial(_answers, f"{first} (pypistats)", f"{sources.pypi_downloads.pypistats_url}/", others)
        yield partial(_answers, f"{first} (top-pypi-packages)", f"{sources.pypi_downloads.top_packages_url}/", others)
    if sources.github_repository.enabled:
        yield partial(github.look, settings, now)
    for framework in settings.frameworks.values():
        if sources.git_history.enabled:
            yield partial(_repository, sources.git_history.base_url, framework.repository)
            clone = clone_of(settings.warehouse.data, framework.repository)
            if clone.exists():
                yield partial(_authors, sources.git_history, framework.repository, clone, now.year)
        if sources.pypi_releases.enabled:
            yield from (partial(_package, settings, package, now) for package in framework.packages)


def _config(settings: Settings) -> Finding:
    enabled = [name for name, source in settings.sources if source.enabled]
    found = f"{len(settings.frameworks)} tracked, {len(enabled)} of {len(list(settings.sources))} sources on"
    if not enabled:
        return Finding("problem", "config", found, "set enabled = true for at least one source")
    return Finding("ok", "config", found)


def _schedule(settings: Settings, now: datetime) -> Finding:
    schedule = settings.schedule
    following = next(CronSim(schedule.cron, now.astimezone(ZoneInfo(schedule.timezone))))
    return Finding("ok", "schedule", f"{schedule.cron!r} in {schedule.timezone}, next {following:%Y-%m-%d %H:%M %Z}")


def _disk(data: Path, now: datetime) -> Finding:
    """Room for the warehouse, its published copy beside the old one, and the clones, now and after a year's growth."""
    folder = next(folder for folder in (data, *data.parents) if folder.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return Finding("problem", "disk", f"{folder} cannot be written to", "choose another folder with --data")
    free = shutil.disk_usage(folder).free / GIGABYTE
    a_night = sum(part.bytes_a_night or 0 for part in parts(data, now.date())) / GIGABYTE
    nights = free / a_night if a_night > 0 else float("inf")
    state: State = "problem" if free < 1 else "warning" if free < 5 or nights < A_YEAR else "ok"
    found = f"{free:.1f} GB free for {data}"
    if nights < A_YEAR:
        found += f", full in {nights:.0f} nights as it grows now, {a_night * 1000:.0f} MB a night"
    step = "" if state == "ok" else "make room; 5 GB are plenty for years; trends status shows what grows"
    return Finding(state, "disk", found, step)


def _git() -> Finding:
    try:
        command.check_version(LIMIT_SECONDS)
    except SourceError as error:
        return Finding("problem", "git", error.what, error.next_step)
    return Finding("ok", "git", "present, new enough")


def _mail(settings: Settings) -> Finding:
    """Whether what is secret is there, and whether the mail server lets us in with it."""
    login = (settings.mail.username_env, settings.mail.password_env) if settings.mail.lists else ()
    names = [name for name in (*login, *(hook.url_env for hook in settings.mail.webhooks)) if name]
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        return Finding(
            "problem", "mail", f"{' and '.join(missing)} not set", "set what is missing where the nightly job runs"
        )
    found = "credentials are in the environment" if names else "no credentials wanted"
    if not settings.mail.lists:
        return Finding("ok", "mail", found)
    try:
        try_mail_server(settings.mail, os.environ, LIMIT_SECONDS)
    except PostError as error:
        return Finding("problem", "mail", error.what, error.next_step)
    return Finding("ok", "mail", f"{found}, and the server {'lets us in' if any(login) else 'answers'}")


def _answers(what: str, url: str, why_only_a_warning: str = "") -> Finding:
    """Whether anybody answers there. The start page of a mirror may be missing, so 404 is an answer too."""
    try:
        with _client(what) as client:
            client.get(url, accept=_is_an_answer)
    except SourceError as error:
        step = "; ".join(filter(None, (error.next_step, why_only_a_warning)))
        return Finding("warning" if why_only_a_warning else "problem", what, error.what, step)
    return Finding("ok", what, "answers")


def _repository(base_url: str, repository: str) -> Finding:
    what = f"git_history {repository}"
    try:
        remote_head(base_url, repository, 2 * LIMIT_SECONDS)
    except SourceError as error:
        return Finding("problem", what, error.what, error.next_step or "see repository in config.toml")
    return Finding("ok", what, "answers")


def _authors(source: GitHistory, repository: str, clone: Path, this_year: int) -> Finding:
    """Who may be a machine or a shared account that the list does not know yet. Said here, kept nowhere."""
    what = f"git_history {repository} authors"
    try:
        persons = busy_persons(source, repository, clone, this_year)
    except (SourceError, DamagedCloneError) as error:
        return Finding("warning", what, f"the clone cannot be read: {error}", "the next night makes it anew")
    if not persons:
        return Finding("ok", what, f"no person made over {LARGE_SHARE:.0%} of a year's commits")
    named = ", ".join(printable(f"{p.name} <{p.address}> ({p.share:.0%} of {p.year})", most=200) for p in persons)
    found = f"{len(persons)} persons made over {LARGE_SHARE:.0%} of a year's commits, look at each: {named}"
    return Finding("ok", what, found, "list a machine or shared name in sources.git_history.identities in config.toml")


def _package(settings: Settings, package: str, now: datetime) -> Finding:
    what = f"pypi_releases {package}"
    hasty = settings.sources.pypi_releases.model_copy(update={"timeout_seconds": LIMIT_SECONDS, "attempts": 1})
    try:
        with index_client(hasty) as client:
            answers = list(fetch_releases(hasty, client, package=package, collected_at=now))
        count = sum(len(answer.rows) for answer in answers)
    except SourceError as error:
        return Finding("problem", what, error.what, error.next_step)
    status = next((answer.state["project_status"] for answer in answers if "project_status" in answer.state), None)
    if status:
        step = "see whether another package has taken its place"
        return Finding("warning", what, f"{count} releases, and the project is {status}", step)
    return Finding("ok", what, f"{count} releases")


def _client(source: str) -> HttpClient:
    return HttpClient(source, timeout_seconds=LIMIT_SECONDS, attempts=1)


def _is_an_answer(response: requests.Response) -> bool:
    return response.status_code < 400 or response.status_code == 404
