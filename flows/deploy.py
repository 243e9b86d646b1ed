"""The nightly job as a flow that a Prefect server may schedule; prefect.yaml names it."""

from __future__ import annotations

from prefect import flow

from flows import cli
from flows.process.endings import ALL_DONE, INCOMPLETE


class NightFailedError(Exception):
    """Nothing could be done; the line that says why is in the log of the run."""


@flow(name="scheduled-night")
def scheduled_night(config: str = "config.toml") -> int:
    """`trends --config CONFIG nightly`; its exit code. Raises NightFailedError, which sets off Prefect's alarms."""
    code = cli.main(["--config", config, "nightly"])
    if code not in {ALL_DONE, INCOMPLETE}:
        raise NightFailedError(f"trends nightly ended with exit code {code}")
    return code
