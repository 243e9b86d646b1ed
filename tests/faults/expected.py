"""What is right when a service misbehaves, written down by hand: the matrix holds it beside what tests see."""

from __future__ import annotations

from tests.faults.faults import EVERYWHERE, IN_JSON, VALUES

OWN = "its own figures"
LATER = "no figures; asked again the next night"
PERSON = "no figures; a person is told what to do"
PART = "a part of its figures; a person is told what to do"


def of(service: str) -> str:
    """Where another one stands in."""
    return f"figures of {service}"


REFUSED = {"401", "403", "404", "410", "a status that is none"}
OF_ANOTHER_SHAPE = {"an empty list", "an empty object", "null", *VALUES}
UNHARMED = {
    "pypi_index": {name for name in VALUES if name.startswith("every number")},
    "github": {"every text ends with half a character and codes for a terminal", "every day is in the year 1"},
    "google_trends": {"every day is in the year 1"},
    "pypistats": {"every number is 2^31"},
    "top_pypi_packages": {"every number is 2^31"},
}
"""What changes nothing that is read, or is a count that can be."""
OTHERS = {
    ("git", "a status that is none"): LATER,
    ("github", "bad credentials"): PERSON,
    ("github", "no such repository"): PERSON,
    ("github", "every number is 2^31"): PART,  # as many stars as a repository may have, but not on one day
    ("google_trends", "its page for 400"): PERSON,
    ("google_trends", "its sorry page"): PERSON,  # asking on makes it worse
    ("google_trends", "sent on to another host"): PERSON,
    **{("pypi_index", name): LATER for name in IN_JSON},  # of a type that is not asked for
}
STAND_INS = {"clickpy": "pypistats", "pypistats": "top_pypi_packages"}


def expected(service: str, fault: str) -> str:
    """The right outcome of asking `service` while it has this fault."""
    if fault in UNHARMED.get(service, ()):
        return OWN
    if service in STAND_INS:
        return of(STAND_INS[service])
    if service == "top_pypi_packages":
        return LATER  # those before it are only out of order, so the next night may do
    if (service, fault) in OTHERS:
        return OTHERS[service, fault]
    return PERSON if fault in REFUSED | OF_ANOTHER_SHAPE else LATER


assert (EVERYWHERE.keys() | IN_JSON.keys()) >= (REFUSED | OF_ANOTHER_SHAPE) - VALUES.keys()
