"""The digest as a mail: HTML that mail programs show, plain text, pictures inside; what a list asks for attached.

Pure functions: the same digest, recipient and date give the same bytes. Nothing here talks to a mail server.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import css_inline
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context

from reports.mail.digest import Digest, digest_of, linked_page
from reports.mail.pictures import Picture
from reports.mail.pictures import write as write_pictures
from reports.wording import MINUS, NBSP, long_day

if TYPE_CHECKING:
    from reports.build import BuiltReport

LARGEST_BYTES = 100_000  # Gmail cuts a mail at 102 kB of HTML
COLUMNS = 72
_LONGEST_SUBJECT = 140
_LONGEST_TEXT = 1000
_DROPPED = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
_KEPT = "\u2066\u2067\u2068\u2069\u200d"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file sent along; `media_type` is like text/csv."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who writes to whom, as what. Without a recipient the mail is a sample that is never sent.

    `way_out`: the address to write to, or the page to visit, to leave the list. `because`: what has changed, for a list
    that is told of changes alone.
    """

    sender: str
    sender_name: str
    list_name: str
    cadence: str
    way_out: str
    recipient: str | None
    dated: datetime
    seed: str
    because: str = ""


@dataclass(frozen=True, slots=True)
class _Form:
    """How much of a digest the HTML tells: with the notes under pictures, texts of so many characters, so many
    frameworks.
    """

    with_notes: bool
    longest: int
    most: int


_ALL = 100_000
_FORMS = (
    _Form(with_notes=True, longest=_LONGEST_TEXT, most=_ALL),
    *(_Form(with_notes=False, longest=longest, most=most)
      for longest, most in ((_LONGEST_TEXT, _ALL), (160, _ALL), (160, 24), (160, 12), (160, 6), (80, 6), (80, 3))),
)  # fmt: skip


def write_files(built: BuiltReport) -> tuple[Path, ...]:
    """email.html, email.txt and charts/*.png beside the page: the digest of all frameworks, to look at."""
    digest = digest_of(built, page=linked_page(built.page.name))
    page, plain = built.folder / "email.html", built.folder / "email.txt"
    pictures = write_pictures(digest.pictures, built.folder / "charts")
    page.write_text(html(digest, picture_source=picture_file), encoding="utf-8", newline="\n")
    plain.write_text(text(digest), encoding="utf-8", newline="\n")
    return (page, plain, *pictures)


# ---- the words ------------------------------------------------------------------------------------------------------


def subject(digest: Digest) -> str:
    """The period and the one most important thing, on one line, in plain letters as far as its names allow."""
    said = f"Framework Trends, {digest.period}: {digest.headline}"
    return one_line(said.replace(NBSP, " ").replace(MINUS, "-"), _LONGEST_SUBJECT)


def text(digest: Digest, *, footer: str = "") -> str:
    """The plain form, at most 72 columns wide but for names that are longer themselves."""
    return _smallest_that_fits(lambda form: _text(digest, footer, form))


def html(digest: Digest, *, picture_source: Callable[[Picture], str], footer: str = "") -> str:
    """The HTML form with its styles inside the tags. `picture_source` says where an <img> finds its picture.

    Mail programs cut what is over 100 kB. So the notes under the pictures, then the ends of long texts, then the last
    frameworks are left to the page until it fits.
    """
    return _smallest_that_fits(lambda form: _html(digest, picture_source, footer, form))


def _smallest_that_fits(written: Callable[[_Form], str]) -> str:
    """The fullest form of at most 100 kB; the shortest is so short that no digest can exceed that."""
    said = ""
    for form in _FORMS:
        said = written(form)
        if len(said.encode()) <= LARGEST_BYTES:
            break
    return said


def _text(digest: Digest, footer: str, form: _Form) -> str:
    template = _templates().get_template("email.txt.j2")
    table = _text_table(digest, form.most)
    return template.render(digest=digest, footer=footer, table=table, **_told(form)).strip() + "\n"


def _html(digest: Digest, picture_source: Callable[[Picture], str], footer: str, form: _Form) -> str:
    template = _templates().get_template("email.html.j2")
    page = template.render(
        digest=digest, subject=subject(digest), picture_source=picture_source, footer=footer, **_told(form)
    )  # fmt: skip
    return css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False).inline(page)


def _told(form: _Form) -> dict[str, int]:
    return {"with_notes": form.with_notes, "longest": form.longest, "most": form.most}


def picture_file(picture: Picture) -> str:
    """Where the report folder keeps a picture; the source for the email.html that lies beside it."""
    return f"charts/{picture.name}.png"


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = _plain
    environment.filters["wrapped"] = _wrapped
    environment.filters["long_day"] = long_day
    return environment


@pass_context
def _plain(context: Context, value: str) -> str:
    return one_line(value, context["longest"])


def one_line(value: str, longest: int) -> str:
    """`value` on one line, without control characters and direction overrides, cut to `longest` characters.

    Isolates stay: they keep a name that runs right to left from turning the words around it.
    """
    kept = "".join(" " if unicodedata.category(char) in _DROPPED and char not in _KEPT else char for char in value)
    line = " ".join(part for part in kept.split(" ") if part)
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


@pass_context
def _wrapped(context: Context, value: str, first: str = "", rest: str = "") -> str:
    return textwrap.fill(
        one_line(value, context["longest"]),
        COLUMNS,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _text_table(digest: Digest, most: int) -> str:
    """For each figure the 12 months and the 12 before, then a line with the change."""
    lines = []
    for row in digest.rows[:most]:
        lines.append(one_line(row.label, COLUMNS))
        for column, cell in zip(digest.columns, row.cells, strict=True):
            name = one_line(f"{column.title}, {column.unit}", 38)
            lines.append(f"  {name:<38}{one_line(cell.value, 15):>15}  before{one_line(cell.before, 9):>9}")
            change = f"{cell.change} ({cell.span})" if cell.span else cell.change
            lines.append(f"{one_line(change, COLUMNS):>{COLUMNS}}")
            if cell.instead:
                lines.append(f"{one_line(cell.instead, COLUMNS):>{COLUMNS}}")
    return "\n".join(lines)


# ---- the message ----------------------------------------------------------------------------------------------------


def message(digest: Digest, envelope: Envelope, attachments: tuple[Attachment, ...]) -> EmailMessage:
    """alternative(text, related(html, pictures)), in a multipart/mixed with the attachments where there are any.

    The same arguments give the same bytes. Raises ValueError for a header that holds a line end; names and subjects
    have lost theirs before.
    """
    identity = _identity(digest, envelope)
    footer = _footer(envelope)
    mail = EmailMessage(policy=SMTP.clone(refold_source="none"))  # what is encoded here stays as it is
    _set_sender(mail, one_line(envelope.sender_name, 100), envelope.sender)
    mail["To"] = Address(addr_spec=envelope.recipient) if envelope.recipient else "undisclosed-recipients:;"
    _set_subject(mail, subject(digest))
    for name, value in _headers(envelope, identity).items():
        mail[name] = value
    mail.set_content(text(digest, footer=footer), cte="quoted-printable")
    page = html(digest, picture_source=lambda picture: f"cid:{picture.name}.{identity}", footer=footer)
    mail.add_alternative(page, subtype="html", cte="quoted-printable")
    _add_pictures(mail, digest, identity)
    for attachment in attachments:
        maintype, _, subtype = attachment.media_type.partition("/")
        params = {"charset": "utf-8"} if maintype == "text" else {}
        mail.add_attachment(
            attachment.content, maintype=maintype, subtype=subtype, filename=attachment.name, params=params
        )
    _fix_boundaries(mail, identity)
    return mail


def _headers(envelope: Envelope, identity: str) -> Mapping[str, Any]:
    return {
        "Date": envelope.dated,
        "Message-ID": f"<{identity}>",
        "List-Id": f"<{envelope.list_name}.{_domain(envelope.sender)}>",
        "List-Unsubscribe": f"<{_way_out(envelope)}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }


def _way_out(envelope: Envelope) -> str:
    """What the button of a mail program opens."""
    way = envelope.way_out
    return way if way.startswith("https:") else f"mailto:{quote(way, '@')}?subject=leave%20{envelope.list_name}"


def _set_sender(mail: EmailMessage, name: str, address: str) -> None:
    if name.isascii():
        mail["From"] = Address(name, addr_spec=address)
    else:
        mail.set_raw("From", f"{_encoded('From', name)}\n <{address}>")


def _set_subject(mail: EmailMessage, line: str) -> None:
    if line.isascii():
        mail["Subject"] = line
    else:
        mail.set_raw("Subject", _encoded("Subject", line))


def _encoded(header: str, line: str) -> str:
    """Encoded words that give every space back: Python's own folding of headers drops some between two of them."""
    return Header(line, "utf-8", header_name=header).encode()


def _add_pictures(mail: EmailMessage, digest: Digest, identity: str) -> None:
    body = mail.get_body(("html",))
    if not isinstance(body, EmailMessage):
        raise TypeError("a mail without its HTML part cannot hold pictures")
    for picture in digest.pictures:
        if picture.png is not None:
            body.add_related(
                picture.png,
                maintype="image",
                subtype="png",
                cid=f"<{picture.name}.{identity}>",
                filename=f"{picture.name}.png",
                disposition="inline",
            )


def _identity(digest: Digest, envelope: Envelope) -> str:
    """What the mail is known by everywhere: the same for the same report, list and recipient."""
    facts = (digest.report_id, digest.as_of.isoformat(), envelope.list_name, envelope.seed)
    local = sha256("\x1f".join(facts).encode()).hexdigest()[:32]
    return f"{local}@{_domain(envelope.sender)}"


def _fix_boundaries(mail: EmailMessage, identity: str) -> None:
    """Boundaries are random by default; here they follow from the mail's identity."""
    local = identity.partition("@")[0]
    multiparts = [part for part in mail.walk() if part.is_multipart()]
    for index, part in enumerate(multiparts):
        part.set_boundary(f"=_{index}_{local}")


def _footer(envelope: Envelope) -> str:
    changed = f"It is sent because something changed. {envelope.because}. " if envelope.because else ""
    return changed + (
        f"You get this mail because you are on the list {envelope.list_name} ({envelope.cadence}). "
        f"To leave the list, {'visit' if envelope.way_out.startswith('https:') else 'write to'} {envelope.way_out}."
    )


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
