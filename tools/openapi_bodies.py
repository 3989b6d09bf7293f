"""Writes the schemas of the requests' bodies into docs/openapi.yaml, from the structs of regen.api.requests.

tools/openapi_bodies.py           write them
tools/openapi_bodies.py --check   say if they are out of date, and fail if they are

A component's description is its struct's docstring, those of its fields are the lines of `Attributes`; `paths`, the answers and
the components that bodies share (Date, Names, ...) are written by hand.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from pages import written_or_checked
from regen.api import requests
from regen.api.requests import Request

DOCUMENT = Path(__file__).parents[1] / "docs" / "openapi.yaml"
BEGIN = "    # Written by tools/openapi_bodies.py from regen.api.requests.\n"
END = "    # By hand again.\n"
REFERENCE = "#/components/schemas/"


def bodies() -> list[type[Request]]:
    """The struct of each body, in the order of the code."""
    found = (kind for kind in vars(requests).values() if isinstance(kind, type) and issubclass(kind, Request))
    return [kind for kind in found if kind is not Request]


def components() -> Mapping[str, Any]:
    """The schema of each body by its name."""
    kinds = bodies()
    _, made = msgspec.json.schema_components(kinds, ref_template=REFERENCE + "{name}")
    return {kind.__name__: _component(kind, made) for kind in kinds}


def _component(kind: type[Request], made: Mapping[str, Any]) -> Mapping[str, Any]:
    schema = dict(made[kind.__name__])
    said = _said(kind)
    return {
        "type": "object",
        "description": _of_whole(kind),
        **({"required": schema["required"]} if schema["required"] else {}),
        "additionalProperties": schema["additionalProperties"],
        "properties": {name: _property(part, made, said.get(name)) for name, part in schema["properties"].items()},
    }


def _property(part: Mapping[str, Any], made: Mapping[str, Any], said: str | None) -> Mapping[str, Any]:
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


def _rest(part: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in part.items() if key not in {"$ref", "allOf", "anyOf"}}


def _of_whole(kind: type[Request]) -> str:
    return " ".join((inspect.getdoc(kind) or "").partition("Attributes:")[0].split())


def _said(kind: type[Request]) -> Mapping[str, str]:
    """The sentence of each field, by its name in the body; a struct's own before its base's."""
    wire = {one.name: one.encode_name for one in msgspec.structs.fields(kind)}
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
    return before + BEGIN + "".join(_lines()) + END + rest.partition(END)[2]


def _lines() -> Iterator[str]:
    for name, schema in components().items():
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
