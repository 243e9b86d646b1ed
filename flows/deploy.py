"""The nightly job as a flow that a Prefect server may schedule; prefect.yaml names it.

The night is a process of its own with its own settings of Prefect, and reports to the server that has scheduled it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from logging import INFO
from pathlib import Path

from flows.process.own_prefect import ASKED_SERVER, NO_ANALYTICS

os.environ.update(NO_ANALYTICS)  # before Prefect is imported, which reads them then

from prefect import flow
from prefect.context import FlowRunContext
from prefect.logging import get_logger, get_run_logger
from prefect.settings import get_current_settings

from flows.config.settings import load_settings
from flows.process.endings import ALL_DONE, INCOMPLETE

_NIGHT = "from flows.cli import main; raise SystemExit(main())"


class NightFailedError(Exception):
    """Nothing could be done; the line that says why is in the log of the run."""


@flow(name="scheduled-night")
def scheduled_night(config: str = "config.toml", data: str | None = None, *, if_due: bool = False) -> int:
    """`trends --config CONFIG nightly`; its exit code. Raises NightFailedError, which sets off Prefect's alarms.

    `data`: instead of the folder that `config` names; `if_due`: nothing happens where no night is due by [schedule].
    """
    log = get_run_logger() if FlowRunContext.get() else get_logger("trends")
    tell = log.info if log.isEnabledFor(INFO) else partial(print, file=sys.stderr, flush=True)  # in our own schedule
    options = [*(["--data", data] if data else []), "nightly", *(["--if-due"] if if_due else [])]
    with _night(["--config", config, *options]) as night:
        assert night.stdout is not None
        for line in night.stdout:
            tell(line.rstrip("\n"))
    if night.returncode not in {ALL_DONE, INCOMPLETE}:
        raise NightFailedError(f"trends nightly ended with exit code {night.returncode}")
    return night.returncode


def schedule(config: str = "config.toml") -> dict[str, str]:
    """What `prefect deploy` puts into prefect.yaml: cron and timezone of [schedule] in `config`. Raises ConfigError."""
    return load_settings(Path(config)).schedule.model_dump()


@contextmanager
def _night(arguments: list[str]) -> Iterator[subprocess.Popen[str]]:
    """The night; when this run is cancelled it is asked to stop, and waited for."""
    api = get_current_settings().api
    to_whom = {ASKED_SERVER: api.url or "", "PREFECT_API_KEY": api.key.get_secret_value() if api.key else ""}
    with subprocess.Popen(  # noqa: S603 - a list of arguments for this interpreter, no shell
        [sys.executable, "-c", _NIGHT, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=os.environ | {name: value for name, value in to_whom.items() if value},
    ) as night:
        try:
            yield night
        finally:
            night.terminate()
