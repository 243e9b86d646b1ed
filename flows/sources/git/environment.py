"""What git gets of the environment: proxies and authorities as HTTP has them, nothing that would change its answers."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from flows.children import MARK
from flows.sources.git import SOURCE
from flows.sources.http import AUTHORITIES, missing_authority, named_authority

_PASSED_ON = re.compile(rf"PATH|TMPDIR|{MARK}")
_WAYS_OUT = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_ALWAYS = {
    "HOME": os.devnull,  # also keeps .netrc out
    "LC_ALL": "C",  # failures are told apart by their text
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_FLUSH": "0",  # else a log is written out commit by commit, which costs half as much again
}


def environment(*, network: bool, packets: Path | None = None) -> dict[str, str]:
    """The environment of a git command. `packets`: the file in which git notes each packet of its smart protocol.

    Without `network` every transport is forbidden. Raises TerminalError when an authority that is named is not there.
    """
    ours = os.environ
    return {
        **{name: value for name, value in ours.items() if _PASSED_ON.fullmatch(name)},
        **_ALWAYS,
        **(_proxies(ours) if network else {}),
        **(_authority() if network else {}),
        **({} if network else {"GIT_NO_LAZY_FETCH": "1"}),  # newer versions say so sooner
        **({"GIT_TRACE_PACKET": str(packets.absolute())} if packets else {}),
        "GIT_ALLOW_PROTOCOL": "http:https" if network else "none",
    }


def _proxies(ours: Mapping[str, str]) -> dict[str, str]:
    """In small letters, which is all that git reads for plain HTTP; never a proxy for this machine itself."""
    given = {name: ours.get(name) or ours.get(name.upper(), "") for name in _WAYS_OUT}
    direct = ",".join(filter(None, (given["no_proxy"], "127.0.0.1", "localhost")))
    return {name: value for name, value in given.items() if value} | {"no_proxy": direct}


def _authority() -> dict[str, str]:
    """What certificates are held against, a file or a folder: as for HTTP, and git's own variable before the others."""
    named = named_authority(("GIT_SSL_CAINFO", *AUTHORITIES))
    if named is None:
        return {}
    name, path = named
    if not path.exists():
        raise missing_authority(SOURCE, name, path)
    return {"GIT_SSL_CAPATH" if path.is_dir() else "GIT_SSL_CAINFO": str(path)}
