"""A small published copy, and ways to ask it."""

from __future__ import annotations

import io
import os
import pty
import threading
from pathlib import Path

import duckdb
import pytest

from warehouse.adhoc import ask
from warehouse.publish import snapshot

HOSTILE = "=cmd|'/c calc'!A0 \x1b[2J\x07 \u202egnp.exe <script>"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as con:
        con.execute(
            """CREATE SCHEMA raw; CREATE SCHEMA core;
            CREATE TABLE raw.secrets (name VARCHAR, value VARCHAR);
            INSERT INTO raw.secrets VALUES ('identity_key', 'top-secret-key');
            CREATE TABLE raw.facts (framework VARCHAR, day DATE, value DOUBLE);
            INSERT INTO raw.facts VALUES ('keras', '2021-06-01', 1.5), ('pytorch', '2021-06-02', NULL);
            CREATE VIEW core.clock AS SELECT coalesce(getvariable('as_of'), DATE '2021-06-03') AS as_of;
            CREATE VIEW daily_metrics AS
                SELECT * FROM raw.facts WHERE day <= coalesce(getvariable('as_of'), DATE '9999-12-31');
            CREATE VIEW monthly_metrics AS SELECT framework, value FROM raw.facts;
            COMMENT ON VIEW daily_metrics IS 'Every metric by the UTC day. Grain: framework, day. A zero is a zero.';
            COMMENT ON COLUMN daily_metrics.value IS 'Downloads a day.'"""
        )
        con.execute("INSERT INTO raw.facts VALUES (?, '2021-06-03', 2)", [HOSTILE])
        snapshot.publish(con, folder / "published.duckdb")
    return folder / "published.duckdb"


def asked(published: Path, query: str, output_format: ask.Format = "csv", **options: object) -> str:
    out = io.BytesIO()
    ask.run_query(published, query, out=out, output_format=output_format, **options)  # type: ignore[arg-type]
    return out.getvalue().decode()


def refusal(published: Path, query: str, **options: object) -> str:
    with pytest.raises(ask.QueryError) as refused:
        asked(published, query, **options)  # type: ignore[arg-type]
    line = str(refused.value)
    assert "\n" not in line
    assert "Traceback" not in line
    return line


def on_a_terminal(published: Path, query: str, columns: int, output_format: ask.Format = "table") -> str:
    """What a terminal of that width shows."""
    master, slave = pty.openpty()
    os.environ.pop("COLUMNS", None)
    import fcntl
    import struct
    import termios

    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    shown = bytearray()

    def watch() -> None:
        while True:
            try:
                chunk = os.read(master, 65536)
            except OSError:  # the other end is closed
                return
            shown.extend(chunk)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with os.fdopen(slave, "wb") as out:
            ask.run_query(published, query, out=out, output_format=output_format)
    finally:
        watcher.join()
        os.close(master)
    return shown.decode().replace("\r\n", "\n")
