"""Whether Google Trends answers, and whether its topics are what config.toml takes them for."""

from __future__ import annotations

from flows.collecting.plan import search_labels
from flows.config.settings import Settings
from flows.diagnosis.finding import LIMIT_SECONDS, Finding
from flows.sources.errors import SourceError
from flows.sources.google.client import TrendsClient, trends_client
from flows.sources.google.notes import topic_note
from flows.sources.google.trends import ask_names

WHAT = "google_trends"


def look(settings: Settings) -> Finding:
    """The start page, whose cookie is all that is wanted, then what explore calls the topics."""
    hasty = settings.sources.google_trends.model_copy(update={"timeout_seconds": LIMIT_SECONDS, "attempts": 2})
    try:
        with trends_client(hasty, patience=()) as client:
            response = client.get(client.start_page(hasty.base_url), accept=client.is_start_page)
            if not client.has_cookie and response.status_code >= 400 and response.status_code != 404:
                return Finding("problem", WHAT, f"the start page has status {response.status_code} and no cookie")
            return _topics(settings, client)
    except SourceError as error:
        return Finding("problem", WHAT, error.what, error.next_step)


def _topics(settings: Settings, client: TrendsClient) -> Finding:
    """Topic ids are found by hand, and a wrong one counts other searches. No answer is no fault: draws look as well."""
    labels = search_labels(settings)
    topics = [query for query in labels if query.startswith("/")]
    if not topics:
        return Finding("ok", WHAT, "answers")
    try:
        names = ask_names(settings.sources.google_trends, client, topics)
    except SourceError:
        return Finding("ok", WHAT, "answers; the topics are looked at with each draw")
    notes = [note for topic in topics if (note := topic_note(topic, names.get(topic), labels[topic]))]
    if notes:
        return Finding("warning", WHAT, "; ".join(notes))
    return Finding("ok", WHAT, "answers; the topics are what they stand for")
