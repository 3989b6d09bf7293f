"""Calls of the BigQuery API, named after regen's own statements."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_DAY = re.compile(r"(?:batch|regen)_(\d{4})[-_](\d\d)[-_](\d\d)_")
_JOB = re.compile(r"/(?:jobs|queries)/([^/?]+)")
_OWN_ID = re.compile(r"^regen-(?:[a-z]+-)?(promote|rollback|stage)-")
#: Text that only this statement has.
_WORDS = {
    "read_slate": "TO_JSON_STRING(ARRAY_AGG(game))",
    "record": "WHERE name = 'audit'",
    "raise_fence": "SELECT token, batch_id, round\nFROM",
    "current_predictions": "SELECT\n  prediction_id, batch_id, player_lookup",
    "promotion_of": "SELECT superseded_count, withdrawn, regenerated_count",
}


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the API.

    Attributes:
        statement: its name; ` again` is appended when its job is polled, ` rows` when its result is read.
        days: the game dates in its parameters or ids; a job that records audit entries may have several.
        job: the id of the job that it inserts or reads.
        port: the caller's port of the connection.
        content: the decoded body of an inserted job; else empty.
    """

    statement: str
    days: frozenset[str]
    job: str
    port: int
    content: Mapping[str, Any]


class Calls:
    """Names calls, and remembers the statement of each inserted job."""

    def __init__(self) -> None:
        self._jobs: dict[str, tuple[str, frozenset[str]]] = {}

    def of(self, method: str, path: str, body: bytes, port: int) -> Call:
        """Name the call that a request makes."""
        plain = path.partition("?")[0]
        if method == "POST" and plain.endswith("/jobs"):
            content = _first_json(body)
            job = str(content.get("jobReference", {}).get("jobId", ""))
            statement, days = _statement(job, content), _days(content, body)
            self._jobs[job] = statement, days
            return Call(statement, days, job, port, content)
        if match := _JOB.search(plain):
            statement, days = self._jobs.get(match[1], ("unknown", frozenset()))
            kind = "rows" if "/queries/" in plain else "again"
            return Call(f"{statement} {kind}", days, match[1], port, {})
        if method == "POST" and plain.endswith("/tables"):
            return Call("create_staging", _days({}, body), "", port, {})
        named = {"DELETE": "drop_staging", "GET": "list_staging"}.get(method, "unknown")
        return Call(named if "/tables" in plain else "unknown", _days({}, path.encode()), "", port, {})


def _statement(job: str, content: Mapping[str, Any]) -> str:
    if match := _OWN_ID.match(job):
        return match[1]
    text = content.get("configuration", {}).get("query", {}).get("query", "")
    return next((name for name, words in _WORDS.items() if words in text), "unknown")


def _days(content: Mapping[str, Any], body: bytes) -> frozenset[str]:
    query = content.get("configuration", {}).get("query", {})
    for parameter in query.get("queryParameters", ()):
        if parameter.get("name") == "game_date" and (value := parameter["parameterValue"].get("value")):
            return frozenset({str(value)})
    return frozenset("-".join(match.groups()) for match in _DAY.finditer(body.decode(errors="replace")))


def _first_json(body: bytes) -> Mapping[str, Any]:
    """Decode the body, or the first JSON part of a multipart body (a load job with its rows)."""
    text = body.decode(errors="replace")
    start = text.find("{")
    found, _ = json.JSONDecoder().raw_decode(text, max(start, 0))
    return found if isinstance(found, dict) else {}
