"""The texts of files that are no SQL themselves: Terraform's strings and heredocs, JSON's strings, Markdown's code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_HEREDOC = re.compile(r"<<-?([A-Za-z_]\w*)[ \t]*\n(.*?)^[ \t]*\1[ \t]*$", re.DOTALL | re.MULTILINE)
_SKIPPED = re.compile(r"#[^\n]*|//[^\n]*|/\*.*?\*/", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)|([$%])\2\{", re.DOTALL)
_FENCE = re.compile(
    r"^([ \t]*)(`{3,}|~{3,})[ \t]*([^\n`]*)\n(.*?)(?:^[ \t]*\2[`~]*[ \t]*$|\Z)", re.DOTALL | re.MULTILINE
)
_INLINE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
SQL = frozenset({"sql", "bigquery", "googlesql", "zetasql", "bq", "bqsql"})


def of_terraform(text: str) -> Iterator[str]:
    """Every string and heredoc as it is after its escapes; what is put in stays as it stands."""
    at = 0
    while at < len(text):
        if found := _SKIPPED.match(text, at):
            at = found.end()
        elif found := _HEREDOC.match(text, at):
            yield found[2]
            at = found.end()
        elif text[at] == '"':
            end = _closing(text, at + 1)
            yield _ESCAPE.sub(_escaped, text[at + 1 : end])
            at = end + 1
        else:
            at += 1


def _closing(text: str, at: int) -> int:
    """Where a string ends; a string inside `${...}` is a part of it."""
    depth = 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
        elif text[at : at + 2] in {"${", "%{"} and text[at - 1] != text[at]:
            depth += 1
            at += 1
        elif text[at] == "}" and depth:
            depth -= 1
        elif text[at] == '"':
            if not depth:
                return at
            at = _closing(text, at + 1)
        at += 1
    return at


def _escaped(found: re.Match[str]) -> str:
    if found[2]:
        return f"{found[2]}{{"
    return {"n": "\n", "t": "\t", "r": "\r"}.get(found[1], found[1])


def of_json(text: str) -> Iterator[str]:
    """Every string value."""
    waiting: list[Any] = [json.loads(text)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += reversed(list(value.values()))
        elif isinstance(value, list):
            waiting += reversed(value)


def of_markdown(text: str) -> Iterator[tuple[str, str]]:
    """Every block and every piece of code in a line, with the block's language; `` for a piece."""
    for fence in _FENCE.finditer(text):
        indent, _, language, body = fence.groups()
        yield (
            (re.split(r"[\s{,:]", language.strip().lower().lstrip("{."), maxsplit=1)[0] or "text"),
            re.sub(rf"^{indent}", "", body, flags=re.MULTILINE),
        )
    for piece in _INLINE.finditer(_FENCE.sub("", text)):
        yield "", piece[2].strip()
