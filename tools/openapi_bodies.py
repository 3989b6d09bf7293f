"""Writes the schemas of bodies into docs/openapi.yaml, from the structs of regen.api: those of requests, and of answers.

tools/openapi_bodies.py           write them
tools/openapi_bodies.py --check   say if they are out of date, and fail if they are

A component is named after its struct. Its description is the struct's docstring, those of its fields are the lines of
`Attributes`. A request must have the fields without a default; an answer has every field but those that may be UNSET.
`paths`, the responses, and the components that bodies share (Date, Names, ...) are written by hand: which answers are
described follows from what they refer to.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec import UnsetType

import regen.api
from pages import written_or_checked
from regen.api import requests
from regen.api.requests import Request

DOCUMENT = Path(__file__).parents[1] / "docs" / "openapi.yaml"
BEGIN = "    # Written by tools/openapi_bodies.py from regen.api.\n"
END = "    # By hand again.\n"
REFERENCE = "#/components/schemas/"
Schema = Mapping[str, Any]


def bodies() -> list[type[Request]]:
    """The struct of each request's body, in the order of the code."""
    found = (kind for kind in vars(requests).values() if isinstance(kind, type) and issubclass(kind, Request))
    return [kind for kind in found if kind is not Request]


def structs() -> dict[str, type]:
    """The structs of regen.api by their names, without those of requests."""
    modules = [importlib.import_module(f"regen.api.{one.name}") for one in pkgutil.iter_modules(regen.api.__path__)]
    return {
        name: kind
        for module in modules
        for name, kind in vars(module).items()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and not issubclass(kind, Request)
    }


def answers(by_hand: str) -> list[type]:
    """What the document answers, in its order: a struct, then what its fields are made of.

    Args:
        by_hand: the parts of the document that are written by hand.
    """
    known, found = structs(), list[type]()
    for name in re.findall(re.escape(REFERENCE) + r"(\w+)", by_hand):
        if name in known:
            _collect(known[name], found)
    return found


def _collect(kind: type, found: list[type]) -> None:
    if kind not in found:
        found.append(kind)
        for hint in get_type_hints(kind, include_extras=True).values():
            for inner in _records(hint):
                _collect(inner, found)


def _records(hint: Any) -> Iterator[type]:  # noqa: ANN401 - a type, or what typing makes of some
    """The structs in a field's type."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield hint
    for inner in get_args(hint):
        yield from _records(inner)


def components(by_hand: str) -> dict[str, Schema]:
    """The schema of each body by its name."""
    asked, said = bodies(), answers(by_hand)
    _, made = msgspec.json.schema_components([*asked, *said], ref_template=REFERENCE + "{name}")
    return {
        **{kind.__name__: _request(kind, made) for kind in asked},
        **{kind.__name__: _answer(kind, made) for kind in said},
    }


def _request(kind: type, made: Mapping[str, Any]) -> Schema:
    schema = made[kind.__name__]
    said = _said(kind)
    return {
        "type": "object",
        "description": _of_whole(kind),
        **({"required": schema["required"]} if schema["required"] else {}),
        "additionalProperties": schema["additionalProperties"],
        "properties": {name: _property(part, made, said.get(name)) for name, part in schema["properties"].items()},
    }


def _property(part: Schema, made: Mapping[str, Any], said: str | None) -> Schema:
    """A field's schema; what stands beside the reference to a shared component would say the same again."""
    inner = part.get("allOf", part.get("anyOf", [{}]))[0] if "$ref" not in part else part
    name = str(inner.get("$ref", "")).removeprefix(REFERENCE)
    if name in made:
        part = {**{key: value for key, value in made[name].items() if key in {"enum", "type"}}, **_rest(part)}
    elif "$ref" in part:
        part = {"$ref": part["$ref"]}
    if "enum" in part:  # the pattern of a refusal, in Python's own syntax, says no more
        part = {key: value for key, value in part.items() if key != "pattern"}
    return {**part, **({"description": said} if said else {})}


def _rest(part: Schema) -> Schema:
    return {key: value for key, value in part.items() if key not in {"$ref", "allOf", "anyOf"}}


def _answer(kind: type, made: Mapping[str, Any]) -> Schema:
    """An answer's schema: a reader has every field that is not UNSET, and passes over those that it does not know."""
    wire, said = _wire(kind), _said(kind)
    hints = get_type_hints(kind, include_extras=True)
    required = [wire[name] for name, hint in hints.items() if name in wire and UnsetType not in _alternatives(hint)]
    properties = made[kind.__name__]["properties"]
    return {
        "type": "object",
        "description": _plain_words(_of_whole(kind)),
        **({"required": required} if required else {}),
        "properties": {
            name: {**_sent(part), **({"description": _plain_words(said[name])} if name in said else {})}
            for name, part in properties.items()
        },
    }


def _alternatives(hint: Any) -> Iterator[object]:  # noqa: ANN401 - a type, or what typing makes of some
    yield hint
    for inner in get_args(hint):
        yield from _alternatives(inner)


def _sent(part: Schema) -> Schema:
    """A schema without defaults, which only readers use; a reference stands alone, and null beside the type."""
    if "$ref" in part:
        return {"$ref": part["$ref"]}
    kept = {key: value for key, value in part.items() if key not in {"default", "anyOf"}}
    inner = {key: _sent(kept[key]) for key in ("items", "additionalProperties") if isinstance(kept.get(key), dict)}
    return {**kept, **inner, **_choice([_sent(one) for one in part.get("anyOf", ())])}


def _choice(choices: Sequence[Schema]) -> Schema:
    """Alternatives: as one list of types, where no more than one of them says more than its type."""
    if not choices:
        return {}
    types = [one.get("type") for one in choices]
    fuller = [one for one in choices if one.keys() != {"type"}]
    if None in types or len(fuller) > 1 or any("enum" in one for one in fuller):
        return {"anyOf": choices}
    # A whole number is a number, too.
    return {**dict(*fuller), "type": [kind for kind in types if kind != "integer" or "number" not in types]}


def _wire(kind: type[msgspec.Struct]) -> Mapping[str, str]:
    """A struct's fields, each with its name in the body."""
    return {one.name: one.encode_name for one in msgspec.structs.fields(kind)}


def _plain_words(text: str) -> str:
    return re.sub(r"\bNone\b", "null", text)


def _of_whole(kind: type) -> str:
    return " ".join((inspect.getdoc(kind) or "").partition("Attributes:")[0].split())


def _said(kind: type) -> Mapping[str, str]:
    """The sentence of each field, by its name in the body; a struct's own before its base's."""
    wire = _wire(kind)
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        found.update({wire.get(name, name): text for name, text in _attributes(base)})
    return found


def _attributes(kind: type) -> Iterator[tuple[str, str]]:
    lines = inspect.cleandoc(kind.__doc__ or "").partition("Attributes:\n")[2]
    for names, text in re.findall(r"^    ([\w, ]+): ((?:.*\n?)(?:^        .*\n?)*)", lines, re.MULTILINE):
        sentence = " ".join(text.split())
        for name in names.split(", "):
            yield name, sentence[:1].upper() + sentence[1:]


def text() -> str:
    """The document with the schemas as the code has them."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    return before + BEGIN + "".join(_lines(before + after)) + END + after


def _lines(by_hand: str) -> Iterator[str]:
    for name, schema in components(by_hand).items():
        yield f"    {name}:\n"
        for key, value in schema.items():
            if key != "properties":
                yield f"      {key}: {json.dumps(value, ensure_ascii=False)}\n"
                continue
            yield "      properties:\n"
            yield from (f"        {one}: {json.dumps(part, ensure_ascii=False)}\n" for one, part in value.items())


def problems() -> list[str]:
    """What is out of date."""
    stale = DOCUMENT.read_text(encoding="utf-8") != text()
    return ["docs/openapi.yaml: its bodies are out of date: run tools/openapi_bodies.py"] if stale else []


def write() -> None:
    """Write the schemas."""
    DOCUMENT.write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(written_or_checked(sys.argv[1:], write, problems))
