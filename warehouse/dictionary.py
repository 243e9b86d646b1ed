"""Write warehouse/README.md, the data dictionary, from the comments in the SQL.

`python -m warehouse.dictionary` writes it anew; a test fails when the file and the SQL differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from warehouse import PUBLISHED, WAREHOUSE
from warehouse.adhoc import ask
from warehouse.open import open_warehouse
from warehouse.publish import snapshot
from warehouse.read.queries import query

README = Path(__file__).with_name("README.md")

_HEAD = """\
# The warehouse

Written by `python -m warehouse.dictionary` from the comments in `warehouse/sql/`; change those, not this file. A test
fails when the two differ.

Days are UTC days. Absent, zero and late are three different things: a day without a row was not observed, a zero is a
zero, and `monthly_metrics.state` says what is late. Shares and `coverage` are 0-1, `interest` is 0-100.
"""

_OPEN = """\
## How to open it

Every run publishes a copy, `published.duckdb` in the data folder, in one step. Whoever has the old copy open keeps it;
open it again to see the new one. It may be read while a run writes. DuckDB 1.4 and all later
ones open it, so their shell, drivers (JDBC, ODBC, Node) and whatever is built on them do as well.

```sh
trends sql .tables                                   # the views
trends sql --describe monthly_metrics                # one view: columns, types, units
trends sql "FROM freshness" --format csv             # table, csv, json (a list of objects), parquet
trends sql --as-of 2021-06-01 "FROM monthly_metrics" # as known on that day
trends sql - < question.sql                          # from standard input
duckdb -readonly data/published.duckdb               # DuckDB's shell; with -ui its notebooks in the browser
```

```python
import duckdb

con = duckdb.connect("data/published.duckdb", read_only=True)  # in a script or a notebook
con.execute("USE history")  # these two lines if you want to know what was known on a day:
con.execute("SET VARIABLE as_of = DATE '2021-06-01'")  # tables are of the last night, history answers for any day
months = con.sql("FROM monthly_metrics").df()  # a pandas frame; .fetchall() gives tuples
```

`trends sql` runs one question at a time, in a process that can read this file and nothing else, with 1 GB of memory, 60
seconds of work, 1,000 rows in a table and 5 million in data. CSV, JSON and Parquet give every value as it is, also a
text that starts with `=`: import such a CSV as text into a spreadsheet.
"""

_TRACE = """\
## Where a number comes from

`lineage` leads from any figure of `monthly_metrics` to the answers that it is made from: source, request, run, and the
table and `content_id` of the raw rows.

```sql
SELECT source, request, collected_at, run_id, raw_table, content_id, raw_rows
FROM lineage
WHERE framework = 'keras' AND metric = 'commits' AND month = DATE '2021-05-01';
```

With the rows themselves, one by one (for `stars` join `raw.repository_stars`, for downloads `raw.pypi_downloads`, for
search interest `raw.search_points`):

```sql
{trace}
```

Nothing in `raw` is ever changed. What a source corrected later is in `revisions`; the body of an answer, where it is
kept, is in `raw.bodies`.
"""

_BEHIND = """\
## Behind the public views

`raw` holds what each source said, `core` chooses: one answer of several, one source of several, one basis. Every view
starts from `core.answers`, so every view answers as of a day. In the published copy the public names are tables, which
these views made for the day of the last night; schema `history` holds the views of the same names, which answer for any
day. These may change without notice.
"""


@dataclass(frozen=True, slots=True)
class Question:
    """A useful question, its explanation and the SQL that answers it."""

    name: str
    title: str
    explanation: str
    sql: str


def questions() -> tuple[Question, ...]:
    """The questions of sql/questions, in their order."""
    folder = files("warehouse").joinpath("sql", "questions")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return tuple(_question(name, folder.joinpath(name).read_text(encoding="utf-8")) for name in names)


def generate() -> str:
    """The whole text of the README."""
    with TemporaryDirectory() as folder:
        empty, published = Path(folder, WAREHOUSE), Path(folder, PUBLISHED)
        with open_warehouse(empty) as con:
            snapshot.publish(con, published)
        with snapshot.open_published(published) as con:
            parts = [_HEAD, _OPEN, *_views(published), _metrics(con), _traced(), _asked(), _behind(con)]
    return "\n".join(parts)


def _question(name: str, text: str) -> Question:
    lines = text.splitlines()
    comments = [line.removeprefix("--").strip() for line in lines if line.startswith("--")]
    sql = "\n".join(line for line in lines if not line.startswith("--"))
    return Question(name, comments[0], " ".join(comments[1:]), sql.strip())


def _views(published: Path) -> Iterable[str]:
    views = ask.list_views(published)
    rows = [(f"[{view.name}](#{view.name})", view.grain, view.comment) for view in views]
    yield f"## The public views\n\n{_table(('view', 'one row for each', 'what'), rows)}"
    for view in views:
        described = ask.describe_view(published, view.name)
        columns = [(f"`{column.name}`", column.type, column.comment) for column in described.columns]
        yield (
            f"### {view.name}\n\n{described.comment}\n\nGrain: {described.grain}.\n\n"
            f"{_table(('column', 'type', 'meaning, unit'), columns)}"
        )


def _metrics(con: duckdb.DuckDBPyConnection) -> str:
    heads = ("metric", "unit", "definition", "basis", "source", "answered by", "caveat", "reference")
    rows = con.execute(
        "SELECT metric, unit, definition, basis, source, answered_by, caveat, reference FROM metric_definitions"
    )
    return f"## The metrics\n\nThe view `metric_definitions`.\n\n{_table(heads, sorted(rows.fetchall()))}"


def _traced() -> str:
    return _TRACE.format(trace=query("trace_a_number").strip() + ";")


def _asked() -> str:
    told = [
        f"### {number}. {question.title}\n\n{question.explanation}\n\n```sql\n{question.sql}\n```\n"
        for number, question in enumerate(questions(), 1)
    ]
    head = "## Useful questions\n\nEach is a file of `warehouse/sql/questions/`: `trends sql - < FILE`.\n"
    return "\n".join([head, *told])


def _behind(con: duckdb.DuckDBPyConnection) -> str:
    rows = con.execute(
        "SELECT view_name, comment FROM duckdb_views() WHERE schema_name = 'core' AND NOT internal"
        " UNION ALL SELECT table_name, comment FROM duckdb_tables() WHERE schema_name = 'core' ORDER BY 1"
    ).fetchall()
    return f"{_BEHIND}\n{_table(('view', 'what'), [(f'`core.{name}`', comment) for name, comment in rows])}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines) + "\n"


def _cell(value: object) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    README.write_text(generate(), encoding="utf-8")
