"""What the mail says, and that it survives mail programs and hostile names."""

from __future__ import annotations

import email
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.build import BuiltReport
from reports.mail.digest import (
    Cell,
    Column,
    Digest,
    PageAt,
    Sentence,
    TableRow,
    attached_page,
    digest_of,
    linked_page,
    page_left_behind,
)
from reports.mail.message import (
    COLUMNS,
    LARGEST_BYTES,
    Attachment,
    Envelope,
    html,
    message,
    one_line,
    picture_file,
    subject,
    text,
    write_files,
)
from reports.mail.pictures import Picture
from reports.wording import NO_FIGURE

ReportOf = Callable[..., BuiltReport]
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body"),
    *("table", "caption", "tbody", "tr", "th", "td"),
    *("div", "span", "h1", "strong", "em", "br", "img"),
}
PAGE_NAME = "framework-trends-2021-06-25.html"
ENVELOPE = Envelope(
    sender="trends@example.com",
    sender_name="Framework Trends",
    list_name="managers",
    cadence="weekly",
    way_out="leave@example.com",
    recipient="ada@example.org",
    dated=datetime(2021, 6, 25, 23, 59, 59, tzinfo=UTC),
    seed="seed",
)
ATTACHMENTS = (
    Attachment(PAGE_NAME, "text/html", "<p>é</p>".encode()),
    Attachment("metrics.csv", "text/csv", b"framework,value\r\nkeras,1\r\n"),
)


@pytest.fixture(scope="module")
def digest(report_of: ReportOf) -> Digest:
    return digest_of(report_of(), page=attached_page(PAGE_NAME))


def digest_with(*names: str, pictures: tuple[Picture, ...] = ()) -> Digest:
    """A digest whose every text holds each of the names."""
    everything = " ".join(names)
    return Digest(
        report_id="r", as_of=datetime(2021, 6, 25, tzinfo=UTC).date(), period=everything, previous_period=everything,
        headline=everything, problems=names, sentences=tuple(Sentence(name, everything) for name in names),
        columns=(Column(everything, everything),),
        rows=tuple(TableRow(name, (Cell(everything, everything, everything, everything),)) for name in names),
        pictures=(*pictures, Picture("search", everything, everything, names, b"\x89PNG"),
                  Picture("stars", everything, everything, names, None, everything)),
        page=attached_page(PAGE_NAME), selection=everything,
    )  # fmt: skip


def page_of(digest: Digest) -> str:
    return html(digest, picture_source=picture_file, footer="Sent weekly.")


def parsed(mail: EmailMessage) -> EmailMessage:
    found = email.message_from_bytes(mail.as_bytes(), policy=SMTP)
    assert isinstance(found, EmailMessage)
    assert not [defect for part in found.walk() for defect in part.defects]
    return found


class Tags(HTMLParser):
    """Every start tag with its attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


# ---- the words -------------------------------------------------------------------------------------------------------


def test_the_text_fits_72_columns(digest: Digest) -> None:
    assert max(len(line) for line in text(digest).splitlines()) <= COLUMNS


def test_the_subject_names_period_and_the_most_important_thing(digest: Digest) -> None:
    assert subject(digest) == "Framework Trends, June 2020 to May 2021: Git history stale"
    assert len(subject(replace(digest, headline="x" * 500))) == 140


def test_problems_come_before_everything_else(digest: Digest) -> None:
    said, seen = text(digest), Tags(page_of(digest)).text
    for words in (said, " ".join(seen.split())):
        assert words.index("inside these 12 months") < words.index("search interest down") < words.index("109")


def test_a_team_reads_of_its_frameworks_only(report_of: ReportOf) -> None:
    digest = digest_of(report_of(), page=attached_page(PAGE_NAME), only=frozenset({"f2"}))
    assert [row.label for row in digest.rows] == ["Keras"]
    assert [sentence.label for sentence in digest.sentences] == ["Keras"]
    assert "Only Keras; the attached page shows all" in text(digest)
    for words in (subject(digest), text(digest), page_of(digest), *(picture.alt for picture in digest.pictures)):
        assert not re.search(r"(?i)tensorflow|pytorch|git history", words), "of others, or stale for others only"


def test_each_list_has_the_problems_of_its_own_frameworks(report_of: ReportOf) -> None:
    said = {
        key: " ".join(digest_of(report_of(), page=attached_page(PAGE_NAME), only=frozenset({key})).problems)
        for key in ("f0", "f1", "f2")
    }
    assert "1 quality check did not pass" in said["f0"]
    assert "The last run got nothing new from Git history for PyTorch: git: no answer." in said["f1"]
    assert "Git history is stale for PyTorch: last figures of 1 May 2021, 55 days old." in said["f1"]
    assert not re.search("quality check|stale|last run", said["f2"])
    assert "nothing new" not in said["f0"]
    assert "(a) 3 August 2020 to 20 August 2020: A week of logs lost. (b)" in said["f2"]
    assert "A week of logs lost" not in said["f0"], "that break is of Keras alone"


def test_the_letters_of_a_list_are_those_of_the_page(report_of: ReportOf) -> None:
    digest = digest_of(report_of(), page=attached_page(PAGE_NAME), only=frozenset({"f0"}))
    downloads = next(picture for picture in digest.pictures if picture.name == "downloads")
    assert downloads.notes == ("b: 1 March 2021: Mirrors no longer counted.",)
    assert digest.rows[0].cells[1].value.endswith(" (b)")


def test_a_clear_change_has_a_sign_and_an_unclear_one_says_so(report_of: ReportOf) -> None:
    built = report_of()
    rows = tuple(replace(row, verdict="no clear change") if row.framework == "f0" else row for row in built.summary)
    made = digest_of(replace(built, summary=rows), page=attached_page("x"))
    table = {row.label: [cell.change for cell in row.cells] for row in made.rows}
    assert table["TensorFlow"] == ["no clear change"] * 4
    assert table["PyTorch"][0].startswith("+")
    assert table["Keras"][1] == "not comparable"
    for row in made.rows[1:]:
        assert all(cell.before != NO_FIGURE for cell in row.cells)
        assert all(bool(cell.span) == (cell.change != "not comparable") for cell in row.cells)


def test_a_picture_that_could_not_be_drawn_is_told_in_words_in_both_forms(digest: Digest) -> None:
    broken = replace(digest.pictures[3], png=None, problem="could not be drawn (OSError)")
    without = replace(digest, pictures=(*digest.pictures[:3], broken))
    for words in (" ".join(text(without).split()), " ".join(Tags(page_of(without)).text.split())):
        assert "GitHub stars, rolling 12 months, stars a day: PyTorch from" in words
        assert "(The picture could not be drawn (OSError).)" in words
    assert len(Tags(page_of(without)).all("img")) == 3


# ---- the HTML --------------------------------------------------------------------------------------------------------


def test_the_html_holds_what_mail_programs_keep(digest: Digest) -> None:
    page = page_of(digest)
    tags = Tags(page)
    assert not [
        tag for tag, _ in tags.tags if tag in ("script", "link", "iframe", "form", "svg", "video", "object", "base")
    ]
    assert not [name for _, attributes in tags.tags for name in attributes if name.startswith("on")]
    assert all(image["alt"] and image["width"] for image in tags.all("img"))
    assert all("style" in cell for cell in tags.all("td")), "a program that drops <style> still shows the layout"
    assert not re.findall(r"url\(|@import|https?://|//[a-z]", page.replace("<!DOCTYPE html>", ""))
    assert "@media (prefers-color-scheme: dark)" in page
    assert len(page.encode()) < 40_000


def test_files_beside_the_page(report_of: ReportOf) -> None:
    built = report_of()
    names = [path.relative_to(built.folder).as_posix() for path in write_files(built)]
    assert names == [
        "email.html",
        "email.txt",
        *(f"charts/{n}.png" for n in ("search", "downloads", "contributors", "stars")),
    ]
    images = Tags((built.folder / "email.html").read_text(encoding="utf-8")).all("img")
    assert all((built.folder / str(image["src"])).is_file() for image in images)
    first = {path: path.read_bytes() for path in built.folder.rglob("*") if path.is_file()}
    write_files(built)
    assert {path: path.read_bytes() for path in built.folder.rglob("*") if path.is_file()} == first


# ---- the message -----------------------------------------------------------------------------------------------------


def test_the_message_is_built_as_mail_programs_expect(digest: Digest) -> None:
    mail = parsed(message(digest, ENVELOPE, ATTACHMENTS))
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html",
        "image/png", "image/png", "image/png", "image/png", "text/html", "text/csv",
    ]  # fmt: skip
    ids = {part["Content-ID"].strip("<>") for part in mail.walk() if part["Content-ID"]}
    page = mail.get_body(("html",)).get_content()
    assert {str(image["src"]).removeprefix("cid:") for image in Tags(page).all("img")} == ids
    attached = {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()}
    assert attached == {attachment.name: attachment.content for attachment in ATTACHMENTS}
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == "<managers.example.com>"


@pytest.mark.parametrize(
    ("way_out", "header", "words"),
    [
        ("leave@example.com", "<mailto:leave@example.com?subject=leave%20managers>", "write to leave@example.com."),
        ("https://example.com/leave?list=1", "<https://example.com/leave?list=1>", "visit https://example.com/leave?"),
    ],
)
def test_the_way_out_of_the_list_is_a_button_and_a_sentence(
    digest: Digest, way_out: str, header: str, words: str
) -> None:
    mail = parsed(message(digest, replace(ENVELOPE, way_out=way_out), ()))
    assert mail["List-Unsubscribe"] == header
    assert f"To leave the list, {words}" in " ".join(mail.get_body(("plain",)).get_content().split())


def test_the_first_words_in_the_list_of_mails_are_the_headline(digest: Digest) -> None:
    body = Tags(page_of(digest).partition("<body")[2].partition(">")[2]).text
    assert body.split()[: len(digest.headline.split())] == digest.headline.split()


@pytest.mark.parametrize(
    ("page", "words"),
    [
        (linked_page("https://x.example/r/2021-06-25/report.html"), ": https://x.example/r/2021-06-25/report.html"),
        (page_left_behind("reports/2021-06-25/report.html"), "is kept where this mail comes from: reports/2021"),
        (attached_page("page.html"), "is attached: page.html"),
    ],
)
def test_a_mail_says_where_the_page_is_and_calls_none_attached_that_is_not(
    report_of: ReportOf, page: PageAt, words: str
) -> None:
    digest = digest_of(report_of(), page=page, only=frozenset({"f2"}))
    for told in (text(digest), page_of(digest)):
        assert words.rsplit(maxsplit=1)[-1] in told
        assert ("attached" in told) == ("attached" in words)
    links = {str(link["href"]) for link in Tags(page_of(digest)).all("a")}
    assert links == ({page.link} if page.link else set())
    assert "<script" not in page_of(digest)


def test_the_same_arguments_give_the_same_bytes_and_another_recipient_another_id(digest: Digest) -> None:
    first = message(digest, ENVELOPE, ATTACHMENTS)
    assert first.as_bytes() == message(digest, ENVELOPE, ATTACHMENTS).as_bytes()
    other = message(digest, replace(ENVELOPE, recipient="bob@example.org", seed="other"), ATTACHMENTS)
    assert other["Message-ID"] != first["Message-ID"]
    assert message(replace(digest, report_id="s"), ENVELOPE, ATTACHMENTS)["Message-ID"] != first["Message-ID"]


def test_the_message_is_plain_seven_bit_with_short_lines(digest: Digest) -> None:
    content = message(digest, ENVELOPE, ATTACHMENTS).as_bytes()
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")


# ---- hostile names ---------------------------------------------------------------------------------------------------


def test_hostile_names_stay_words(hostile: tuple[str, ...]) -> None:
    page = page_of(digest_with(*hostile))
    tags = Tags(page)
    assert not tags.all("script")
    assert "<script>alert(1)</script>" in tags.text
    assert "{{ 7*7 }}" in tags.text
    said = text(digest_with(*hostile))
    for words in (page, said):
        assert not set(words) & set("\x1b\x07\r\u202e\u202c")


def test_hostile_names_through_the_whole_report(report_of: ReportOf, hostile: tuple[str, ...]) -> None:
    digest = digest_of(report_of(*hostile), page=attached_page(PAGE_NAME))
    mail = parsed(message(digest, ENVELOPE, ATTACHMENTS))
    assert not Tags(mail.get_body(("html",)).get_content()).all("script")
    assert "Bcc" not in mail
    assert len(page_of(digest).encode()) < LARGEST_BYTES


@pytest.mark.parametrize(
    "attempt",
    [
        "x\r\nBcc: everyone@example.com",
        "x\nBcc: y@example.com\n\nbody",
        "x\r\n\r\n<h1>hello",
        "x\u2028Bcc: y",
        "\x00x",
        "é" * 90 + "\r\nBcc: z",
    ],
)
def test_no_text_becomes_a_header(digest: Digest, attempt: str) -> None:
    envelope = replace(ENVELOPE, sender_name=attempt)
    mail = parsed(message(replace(digest, headline=attempt), envelope, ATTACHMENTS))
    expected = message(digest, ENVELOPE, ATTACHMENTS)
    assert mail.keys() == expected.keys()
    assert len(mail["From"].addresses) == len(mail["To"].addresses) == 1
    assert mail["From"].addresses[0].addr_spec == "trends@example.com"


@pytest.mark.parametrize(
    "address", ["a@example.com\r\nBcc: b@example.com", "a@example.com, b@example.com", "a b@example.com"]
)
def test_an_address_that_is_none_is_refused(digest: Digest, address: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        message(digest, replace(ENVELOPE, recipient=address), ATTACHMENTS)


@settings(max_examples=60)
@given(st.text(max_size=200), st.text(max_size=60))
def test_any_subject_and_name_come_out_as_one_line_each(headline: str, name: str) -> None:
    digest = replace(digest_with("n"), period="June", headline=headline, pictures=())
    mail = parsed(message(digest, replace(ENVELOPE, sender_name=name), ()))
    assert set(mail.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "Auto-Submitted",
        "X-Auto-Response-Suppress", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert " ".join(mail["Subject"].split()) == " ".join(subject(digest).split())
    assert mail["From"].addresses[0].addr_spec == "trends@example.com"


@pytest.mark.parametrize(
    "headline", ["Keras stars down 52\u00a0%", "\u0ae0\U00016f00 \u00a1 up", "日本語 の 名前 up 12\u00a0%"]
)
def test_every_space_of_a_subject_is_one_and_breaks(headline: str) -> None:
    digest = replace(digest_with("n"), period="June", headline=headline)
    mail = parsed(message(digest, replace(ENVELOPE, sender_name="Trends " + headline.replace("\u00a0", " ")), ()))
    assert mail["Subject"] == "Framework Trends, June: " + headline.replace("\u00a0", " ")
    assert mail["From"].addresses[0].display_name == "Trends " + headline.replace("\u00a0", " ")
    assert mail.as_bytes().isascii()


@given(st.text())
def test_one_line_is_one_line(value: str) -> None:
    line = one_line(value, 50)
    assert len(line) <= 50
    assert len(line.splitlines()) <= 1
    assert not set(line) & set("\x1b\u202e\u202d\u200e")
