"""Says which locked packages have known vulnerabilities: exit code 1 for any. Where the data of pip-audit cannot be
reached, it says that nobody has looked, and ends with 0: CI has to run offline too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from tempfile import TemporaryDirectory

LIMIT_SECONDS = 60
NOT_LOOKED = "audit: nobody has looked for known vulnerabilities, the data of pip-audit cannot be reached from here"


def said(report: str) -> tuple[list[str], int]:
    """The lines to write and the exit code, for what pip-audit wrote as JSON; anything else is no report."""
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return [NOT_LOOKED], 0
    audited = [package for package in packages if "vulns" in package]
    if not audited:
        return [NOT_LOOKED], 0
    lines = [
        f"audit: {package['name']} {package['version']}: {vulnerability['id']}, mended in "
        f"{', '.join(vulnerability['fix_versions']) or 'no version yet'}; run make constraints"
        for package in audited
        for vulnerability in package["vulns"]
    ]
    skipped = len(packages) - len(audited)
    note = f", {skipped} could not be looked up" if skipped else ""
    return [*lines, f"audit: {len(audited)} packages looked up{note}, {len(lines)} known vulnerabilities"], int(
        bool(lines)
    )


def report() -> str:
    """What pip-audit says of constraints.txt; empty where it cannot be fetched or does not come to its end."""
    with TemporaryDirectory() as folder:
        fetch = [sys.executable, "-m", "pip", "install", "-qq", "--target", folder, "pip-audit"]
        ask = [
            sys.executable,
            "-m",
            "pip_audit",
            "-r",
            "constraints.txt",
            "--require-hashes",
            "--disable-pip",
            "-f",
            "json",
        ]
        try:
            subprocess.run(fetch, check=True, capture_output=True, timeout=LIMIT_SECONDS)
            asked = subprocess.run(
                ask, env=os.environ | {"PYTHONPATH": folder}, capture_output=True, text=True,
                timeout=LIMIT_SECONDS, check=False,
            )  # fmt: skip
        except (subprocess.SubprocessError, OSError):
            return ""
    return asked.stdout


if __name__ == "__main__":
    lines, code = said(report())
    sys.stdout.write("\n".join(lines) + "\n")
    raise SystemExit(code)
