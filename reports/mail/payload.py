"""The digest for programs: what a webhook is told, as JSON, and in the form that Slack shows.

Pure functions; the same report gives the same value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.mail.digest import PageAt, part_of
from reports.mail.message import one_line
from reports.problems import problems
from reports.sentences import framework_sentences, headline
from reports.wording import short_label

if TYPE_CHECKING:
    from reports.build import BuiltReport

_LONGEST_SECTION = 2900  # Slack refuses a section of more than 3,000 characters, and more than 50 of them
_MOST_SECTIONS = 40


def as_json(built: BuiltReport, page: PageAt, only: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The words of the report and its figures; days are YYYY-MM-DD, shares 0-1, what is not known is null."""
    facts, rows = part_of(built, only)
    says = framework_sentences(facts, rows)
    return {
        "report_id": built.report_id,
        "as_of": facts.period.as_of.isoformat(),
        "period": facts.period.text,
        "previous_period": facts.period.previous_text,
        "headline": headline(facts, rows),
        "problems": list(problems(facts, rows)),
        "sentences": {item.framework: f"{item.label}: {says[item.framework]}" for item in facts.frameworks},
        "figures": [
            {
                "framework": row.framework, "metric": row.signal.metric, "unit": row.signal.level_unit,
                "value": row.level, "previous_value": row.previous_level, "change": row.change,
                "low": row.low, "high": row.high, "verdict": row.verdict, "reason": row.reason,
            }
            for row in rows
        ],
        "page": page.link or None,
    }  # fmt: skip


def for_slack(built: BuiltReport, page: PageAt, only: frozenset[str] = frozenset()) -> dict[str, Any]:
    """A message of Slack's incoming webhooks: a text for notifications, and blocks."""
    facts, rows = part_of(built, only)
    says = framework_sentences(facts, rows)
    title = f"Framework Trends, {facts.period.text}: {headline(facts, rows)}"
    texts = [f"Read first: {problem}" for problem in problems(facts, rows)]
    texts += [f"{short_label(item.label)}: {says[item.framework]}" for item in facts.frameworks]
    if len(texts) > _MOST_SECTIONS:
        texts = [*texts[:_MOST_SECTIONS], f"{len(texts) - _MOST_SECTIONS} more are on {page.name}."]
    sections = [{"type": "section", "text": _words(text, _LONGEST_SECTION)} for text in texts]
    where = f"{page.says}<{page.link}>" if page.link else escaped_for_slack(page.says + page.place)
    sections.append({"type": "section", "text": {"type": "mrkdwn", "text": where}})
    return {"text": escaped_for_slack(title), "blocks": [{"type": "header", "text": _words(title, 150)}, *sections]}


def _words(text: str, longest: int) -> dict[str, Any]:
    """Words as they are: no link, no mention, no emphasis."""
    return {"type": "plain_text", "text": one_line(text, longest), "emoji": False}


def escaped_for_slack(text: str) -> str:
    """`text` where Slack looks for links and mentions, without any."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
