"""Texts from outside: what cannot be stored is refused by name, and what a terminal would obey is written out."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from regen.adapters.bigquery.params import audit_row
from regen.cli.output import Output, columns
from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.errors import InvalidInput
from regen.domain.texts import checked_text, storable, visible
from regen.domain.values import replace
from support.league import DAY
from support.web_bench import Web, envelope

BAD = ["\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\x9b2J", "\ud800", "\udfff"]
HOSTILE = [
    "[/x]",
    "[link=https://evil.example]here[/link]",
    "[bold red]x[/]",
    "\x1b]8;;https://evil.example\x07here\x1b]8;;\x07",
    "\x1b[2J\x1b[H",
    "\x9b2J",
    "a\u202egnp.exe",
    "a\u2066b\u2069",
    "zero\u200bwidth",
    "back\b\rspace",
    "\ud800",
]


@pytest.mark.parametrize("text", BAD)
def test_unstorable_text_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_text(f"a{text}", "metadata")
    assert refused.value.field == "metadata"
    assert checked_text(storable(f"a{text}"), "metadata")


@pytest.mark.parametrize("text", ["", "line\nbreak\r\n\ttab", "é 🏀 姚明", "\u202e", "\uffff"])
def test_storable_text_is_unchanged(text: str) -> None:
    assert checked_text(text, "x") == storable(text) == text


@pytest.mark.parametrize("text", BAD)
@pytest.mark.parametrize("order", ["cancel", "rollback", "redrive", "promote"])
def test_a_reason_that_cannot_be_stored_is_refused(order: str, text: str) -> None:
    web = Web()
    batch = web.bench.run()
    answer = web.post(f"/batches/{batch.batch_id}/{order}", {"reason": f"because{text}", "checks": ["coverage"]})
    assert (answer.status_code, (answer.json or {}).get("field")) == (400, "reason")


@pytest.mark.parametrize("text", BAD)
def test_a_trigger_that_cannot_be_stored_is_recorded(text: str) -> None:
    web = Web()
    odd: list[dict[str, Any]] = [{"metadata": {"a": [text]}}, {"metadata": {text: 1}}, {"upstream": text}]
    for number, more in enumerate(odd):
        body = envelope({"game_date": DAY.isoformat(), **more}, f"m{number}")
        assert web.push("coordinator", "/regenerate-pubsub", body) == 204
    assert web.push("coordinator", "/regenerate-pubsub", f"raw {text}".encode("utf-8", "replace")) == 204
    entries = web.malformed()
    assert len(entries) == 4
    for entry in entries:
        for said in (entry["error"], entry["metadata"]["body"]):
            checked_text(said, "record")


def test_an_audit_entry_is_written_whatever_upstream_holds() -> None:
    entry = AuditEntry(
        "e", AuditEvent.REJECTED, datetime(2026, 1, 20, tzinfo=UTC), DAY, "b", 1, "rejected", "late", "x"
    )
    odd: dict[str, Any] = {"why": ["o\x00dd", "\ud800"], "value": float("nan"), "\x1b": float("inf")}
    row = audit_row(replace(entry, metadata=odd, error="broke at \x00"))
    json.dumps(row, allow_nan=False, default=str).encode()
    assert row["error"] == "broke at \\x00"
    assert any(v.get("why") == ["o\\x00dd", "\\ud800"] for v in row.values() if isinstance(v, dict))


class Terminal(io.StringIO):
    """Where a person looks."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("looked_at", [False, True])
@pytest.mark.parametrize("text", HOSTILE)
def test_control_characters_are_escaped_at_a_terminal(
    text: str, *, looked_at: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "300")
    out, err = (Terminal(), Terminal()) if looked_at else (io.StringIO(), io.StringIO())
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    speaker = Output()
    speaker.table(columns("who why"), [{"who": "me", "why": text}, {"who": "me", "why": {"note": [text]}}])
    speaker.line(f"line {text}")
    speaker.say(f"said {text}")
    Output(json=True).show({"why": text}, [])
    shown = out.getvalue() + err.getvalue()
    bold_head = {"\x1b[1m", "\x1b[0m"}
    for sequence in bold_head if looked_at else ():
        shown = shown.replace(sequence, "")
    assert visible(shown, lines=True) == shown
    assert visible(text) in shown


def test_ordinary_text_is_shown_unchanged() -> None:
    for text in ("nikola jokić", "姚明", "🏀 [late] data", "o\u2019neal"):
        assert visible(text) == text
