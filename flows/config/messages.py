"""Faults of config.toml as lines for people: key, value, what is allowed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from packaging.utils import canonicalize_name
from pydantic import BaseModel
from pydantic_core import ErrorDetails

_SECRET = re.compile(r"token|passw|secret|api_?key|credential", re.IGNORECASE)
_ALLOWED = {
    "bool_type": "must be true or false, without quotes",
    "int_type": "must be a whole number, without quotes",
    "float_type": "must be a number, without quotes",
    "string_type": "must be text in quotes",
    "date_type": "must be a day without quotes, for example 2021-08-11",
    "tuple_type": 'must be a list, for example ["jax", "jaxlib"]',
    "path_type": "must be a path in quotes",
    "model_type": "must be a table with keys of its own",
    "model_attributes_type": "must be a table with keys of its own",
    "dict_type": "must be a table with keys of its own",
    "missing": "missing; it has to be set",
}


def in_one_key(root: type[BaseModel], item: ErrorDetails) -> str:
    """What pydantic found at one key, without the value where that may be a secret."""
    path = tuple(part for part in item["loc"] if part != "[key]")
    key = _shown_key(path)
    if item["type"] == "extra_forbidden":
        return f"{key}: {_unknown(root, path)}"
    allowed = _allowed(item)
    value = item["input"]
    is_secret = bool(path) and (str(path[-1]).endswith("_env") or "user name or password" in allowed)
    if item["type"] == "missing" or isinstance(value, dict | list | tuple | BaseModel) or is_secret:
        return f"{key}: {allowed}"
    return f"{key} = {_shown(value)}: {allowed}"


def _allowed(item: ErrorDetails) -> str:
    context = item.get("ctx", {})
    match item["type"]:
        case "literal_error":
            choices = re.findall(r"'([^']*)'", context["expected"])
            return f"must be one of {', '.join(choices)}{_meant(str(item['input']), choices)}"
        case "too_short":
            return f"must have at least {context['min_length']}"
        case "too_long" | "string_too_long":
            return f"must have at most {context['max_length']}"
        case kind:
            return _ALLOWED.get(kind, item["msg"].removeprefix("Value error, "))


def _unknown(root: type[BaseModel], path: Sequence[str | int]) -> str:
    name = str(path[-1])
    if _SECRET.search(name) and not name.endswith("_env"):
        return (
            "secrets never go into this file; put it into an environment variable and write that variable's name "
            "here, as in token_env or password_env"
        )
    choices = _keys_at(root, path[:-1])
    return f"unknown key{_meant(name, choices)}; allowed here: {', '.join(choices)}"


def _keys_at(root: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """The keys that the table at `path` may have."""
    model = root
    for part in path:
        field = next((field for name, field in model.model_fields.items() if part in {name, field.alias}), None)
        model = next(_models_in(field.annotation), model) if field else model
    return [field.alias or name for name, field in model.model_fields.items()]


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _meant(name: str, choices: Sequence[str]) -> str:
    near = get_close_matches(name.lower(), choices, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _shown_key(path: Sequence[str | int]) -> str:
    """As TOML writes it: mail.lists[2].name counts lists from 1."""
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{_shown_name(part)}" for part in path]
    return "".join(parts).removeprefix(".") or "the file"


def _shown_name(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]{1,80}", name) else _shown(name)


def _shown(value: Any) -> str:
    """The value with signs escaped that a terminal would act on, cut when long."""
    text = str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def across_keys(table: Mapping[str, Any]) -> list[str]:
    """Faults between keys that are each right by themselves. Takes any TOML: wrong types are reported elsewhere."""
    frameworks = {key: value for key, value in _table(table, "frameworks").items() if isinstance(value, Mapping)}
    return [
        *_twice(frameworks, "repository", str.casefold, "the same commits and stars would be counted for both"),
        *_twice(frameworks, "search_term", str.casefold, "the same searches would be counted for both"),
        *_twice(frameworks, "search_topic", str.casefold, "the same searches would be counted for both"),
        *_twice(frameworks, "label", str.casefold, "the report could not tell them apart"),
        *_packages_twice(frameworks),
        *_requirements(frameworks),
        *_reference(table, frameworks),
        *_entities(table, frameworks),
        *_claims(table, frameworks),
    ]


def _twice(
    frameworks: Mapping[str, Mapping[str, Any]], key: str, same: Callable[[str], str], reason: str
) -> Iterator[str]:
    owner: dict[str, str] = {}
    for framework, entry in frameworks.items():
        value = entry.get(key)
        if isinstance(value, str) and (first := owner.setdefault(same(value.strip()), framework)) != framework:
            where = f"frameworks.{_shown_name(framework)}.{key} = {_shown(value)}"
            yield f"{where}: {_shown_name(first)} has it too; {reason}"


def _packages_twice(frameworks: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    owners: dict[str, list[str]] = defaultdict(list)
    for framework, entry in frameworks.items():
        for package in _texts(entry, "packages"):
            owners[canonicalize_name(package)].append(framework)
    for package, (first, *others) in owners.items():
        for framework in others:
            where = "is named twice" if framework == first else f"belongs to {_shown_name(first)} too"
            key = f"frameworks.{_shown_name(framework)}.packages"
            yield f"{key}: {_shown(package)} {where}; the same downloads would be counted twice"


def _requirements(frameworks: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for framework, entry in frameworks.items():
        key = f"frameworks.{_shown_name(framework)}.required_by"
        own = {canonicalize_name(package) for package in _texts(entry, "packages")}
        for package in _texts(entry, "required_by"):
            if canonicalize_name(package) in own:
                yield f"{key}: {_shown(package)} is one of the framework's own packages; the lower bound would be 0"
        if "required_by_since" in entry and not entry.get("required_by"):
            yield f"{key}_since: says since when, but required_by names no package"


def _reference(table: Mapping[str, Any], frameworks: Mapping[str, Any]) -> Iterator[str]:
    reference = _table(_table(table, "sources"), "google_trends").get("reference")
    if isinstance(reference, str) and reference not in frameworks:
        names = ", ".join(_shown_name(name) for name in frameworks)
        meant = _meant(reference, list(frameworks))
        yield f"sources.google_trends.reference = {_shown(reference)}: must be a framework's key: {names}{meant}"


def _entities(table: Mapping[str, Any], frameworks: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """A break of an entity that nothing is named after would silently do nothing."""
    packages = {canonicalize_name(name) for entry in frameworks.values() for name in _texts(entry, "packages")}
    known = ["*", *frameworks, *(str(entry.get("repository")) for entry in frameworks.values()), *sorted(packages)]
    breaks = table.get("breaks")
    for number, entry in enumerate(breaks if isinstance(breaks, list) else (), start=1):
        entity = entry.get("entity", "*") if isinstance(entry, Mapping) else "*"
        if isinstance(entity, str) and entity not in known:
            allowed = "must be a framework's key, a repository or a package named in this file, or * for all"
            yield f"breaks[{number}].entity = {_shown(entity)}: {allowed}{_meant(entity, known)}"


def _claims(table: Mapping[str, Any], frameworks: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Of frameworks that are not tracked, and of packages that nobody asks about, there is nothing to check with."""
    asked = {
        canonicalize_name(name)
        for entry in frameworks.values()
        for key in ("packages", "required_by")
        for name in _texts(entry, key)
    }
    first: dict[str, int] = {}
    for number, claim in enumerate(_tables(table, "claims"), start=1):
        name, framework = claim.get("name"), claim.get("framework")
        if isinstance(name, str) and (owner := first.setdefault(name, number)) != number:
            yield f"claims[{number}].name = {_shown(name)}: claims[{owner}] has it too; reports tell by it"
        if isinstance(framework, str) and framework not in frameworks:
            allowed = f"must be a framework's key: {', '.join(_shown_name(key) for key in frameworks)}"
            yield f"claims[{number}].framework = {_shown(framework)}: {allowed}{_meant(framework, list(frameworks))}"
        for place, reading in enumerate(_tables(claim, "readings"), start=1):
            for package in _texts(reading, "packages"):
                if canonicalize_name(package) not in asked:
                    where = f"claims[{number}].readings[{place}].packages"
                    allowed = "no framework has it in packages or required_by, so nobody asks for its downloads"
                    yield f"{where}: {_shown(package)}: {allowed}{_meant(package, sorted(asked))}"


def _tables(table: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Those of a list of tables, whatever else stands between them; their numbers are those of the file."""
    value = table.get(key)
    return [item if isinstance(item, Mapping) else {} for item in value] if isinstance(value, list) else []


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = table.get(key)
    return value if isinstance(value, Mapping) else {}


def _texts(table: Mapping[str, Any], key: str) -> list[str]:
    value = table.get(key)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
