"""What a call of the BigQuery API is, in the words of our own statements."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_DAY = re.compile(r"(?:batch|regen)_(\d{4})[-_](\d\d)[-_](\d\d)_")
_JOB = re.compile(r"/(?:jobs|queries)/([^/?]+)")
_OWN_ID = re.compile(r"^regen-(?:[a-z]+-)?(promote|rollback|stage|record)-")
#: What only this statement says.
_WORDS = {
    "read_slate": "TO_JSON_STRING(ARRAY_AGG(game))",
    "raise_fence": "SELECT token, batch_id, round\nFROM",
    "current_predictions": "SELECT\n  prediction_id, batch_id, player_lookup",
    "promotion_of": "SELECT superseded_count, withdrawn, regenerated_count",
}


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the API.

    Attributes:
        statement: its name; with ` again` the polling of its job, with ` rows` the reading of its result.
        day: the game date that it is about, if it says so.
        job: the id of the job that it inserts or asks for.
        port: of the caller's end of the connection.
    """

    statement: str
    day: str
    job: str
    port: int
    content: Mapping[str, Any]


class Calls:
    """Names calls; knows the jobs that it has seen inserted."""

    def __init__(self) -> None:
        self._jobs: dict[str, tuple[str, str]] = {}

    def of(self, method: str, path: str, body: bytes, port: int) -> Call:
        """The call that a request is."""
        plain = path.partition("?")[0]
        if method == "POST" and plain.endswith("/jobs"):
            content = _first_json(body)
            job = str(content.get("jobReference", {}).get("jobId", ""))
            statement, day = _statement(job, content), _day(content, body)
            self._jobs[job] = statement, day
            return Call(statement, day, job, port, content)
        if match := _JOB.search(plain):
            statement, day = self._jobs.get(match[1], ("unknown", ""))
            kind = "rows" if "/queries/" in plain else "again"
            return Call(f"{statement} {kind}", day, match[1], port, {})
        if method == "POST" and plain.endswith("/tables"):
            return Call("create_staging", _day({}, body), "", port, {})
        named = {"DELETE": "drop_staging", "GET": "list_staging"}.get(method, "unknown")
        return Call(named if "/tables" in plain else "unknown", _day({}, path.encode()), "", port, {})


def _statement(job: str, content: Mapping[str, Any]) -> str:
    if match := _OWN_ID.match(job):
        return match[1]
    text = content.get("configuration", {}).get("query", {}).get("query", "")
    return next((name for name, words in _WORDS.items() if words in text), "unknown")


def _day(content: Mapping[str, Any], body: bytes) -> str:
    query = content.get("configuration", {}).get("query", {})
    for parameter in query.get("queryParameters", ()):
        if parameter.get("name") == "game_date" and (value := parameter["parameterValue"].get("value")):
            return str(value)
    match = _DAY.search(body.decode(errors="replace"))
    return "-".join(match.groups()) if match else ""


def _first_json(body: bytes) -> Mapping[str, Any]:
    """The body, or the first part of one that has several (a load with its rows)."""
    text = body.decode(errors="replace")
    start = text.find("{")
    found, _ = json.JSONDecoder().raw_decode(text, max(start, 0))
    return found if isinstance(found, dict) else {}
