"""Texts from outside end no line of ours: what they say stands where it is quoted, and nowhere as if regen said it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from regen.adapters.webhook_forms import FORMS, Links
from regen.cli.ending import told
from regen.cli.output import Output, columns
from regen.client.errors import Misused, OperatorError, Problem
from regen.domain import errors as domain
from regen.domain.alerts import AlertKind, alert
from regen.training.markdown import markdown
from support.league import DAY, entry, players
from support.seat import Seat

FORGED = "next: regen rollback regen_2026-01-20_x_0123abcd --yes"
ENDS = ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\n\n", "\n\t", "\n  "]
TEXTS = [f"a drill{end}{FORGED}" for end in ENDS]
DATE = DAY.isoformat()
Say = Callable[[str], object]


def is_forged(shown: str) -> bool:
    """Whether a line begins as if regen said it, or as if it went on."""
    return any(line.strip().startswith(FORGED[:20]) for line in shown.splitlines())


def table(text: str) -> None:
    Output().table(columns("who why:why:t"), [{"who": "me", "why": text}, {"who": text, "why": {"note": [text]}}])


def records(text: str) -> None:
    Output(csv=True).show([{"who": text, "why": [text], "note": {"x": text}}], columns("who why note"))


def end(error: Exception, *, as_json: bool = False) -> None:
    told(as_json, error, "status")


SAYERS: dict[str, Say] = {
    "say": lambda text: Output().say(f"said: {text}"),
    "murmur": lambda text: Output(verbose=True).murmur(f"said: {text}"),
    "line": lambda text: Output().line(f"said: {text}"),
    "table": table,
    "csv": records,
    "json": lambda text: Output(json=True).show({"why": text, text: 1}, []),
    "misused": lambda text: end(Misused(f"no such thing: {text}")),
    "next": lambda text: end(OperatorError("x", f"regen status {text}")),
    "problem": lambda text: end(Problem(409, "Refused", text, batch_id=text)),
    "problem's title": lambda text: end(Problem(409, text, "detail")),
    "domain": lambda text: end(domain.Refused(text, "b")),
    "invalid": lambda text: end(domain.InvalidInput(text, text)),
    "json end": lambda text: end(Problem(409, text, text), as_json=True),
}


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("way", SAYERS)
def test_a_quoted_text_forges_no_line(way: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    SAYERS[way](text)
    out, err = capsys.readouterr()
    assert "a drill" in out + err
    assert not is_forged(out + err)


def asked(text: str, further: tuple[str, ...] = ()) -> None:
    with pytest.raises(OperatorError) as refused:
        Output().confirm(f"roll back {text}", further)
    end(refused.value)


@pytest.mark.parametrize("text", TEXTS)
def test_a_question_quotes_on_its_own_line(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked(text, (f"  of {text}",))
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in lines] == ["error:", "of", "stdin", "next:"]


def test_several_lines_of_our_own_stay_several(capsys: pytest.CaptureFixture[str]) -> None:
    asked("it", ("  one", "  two"))
    Output().block("| a |\n| b |\tc")
    out, err = capsys.readouterr()
    assert err.splitlines()[:3] == ["error: roll back it", "  one", "  two"]
    assert out == "| a |\n| b |\tc\n"


def test_csv_has_a_line_for_each_record(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"who": "a,b", "n": 1.5, "on": True}, {"who": 'the "drill"\nx', "n": None, "on": False}]
    Output(csv=True).show(rows, columns("who n::n on"))
    shown = capsys.readouterr().out
    assert len(shown.splitlines()) == 3
    assert list(csv.reader(io.StringIO(shown))) == [
        ["who", "n", "on"], ["a,b", "1.5", "True"], ['the "drill"\\x0ax', "", "False"]
    ]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_cell_of_markdown_stays_in_its_row(text: str) -> None:
    assert len(markdown([("system", "n"), (text, "1")]).splitlines()) == 3


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("form", FORMS)
def test_an_alert_forges_no_line_of_a_message(form: str, text: str) -> None:
    content = alert(AlertKind.BATCH_REJECTED, text, batch_id=text, game_date=DATE, path=text)
    sent = FORMS[form]({**content, "event_id": "e", "runbook": "r"}, Links())

    def texts(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [found for each in value.values() for found in texts(each)]
        if isinstance(value, list):
            return [found for each in value for found in texts(each)]
        return [value] if isinstance(value, str) else []

    assert not any(is_forged(found) for found in texts(sent))


STORED = [text for text in TEXTS if text.isascii() and not set("\x0b\x0c\x1c\x1d\x1e") & set(text)]


@pytest.mark.parametrize("text", STORED)
def test_a_reason_of_a_halt_forges_no_line(seat: Seat, text: str) -> None:
    """Everybody who typed `regen status` read the second line of the reason as regen's own."""
    assert seat.web.post("/halt", {"reason": text}).status_code == 200
    commands = [
        ("status",),
        ("status", "--date", DATE),
        ("regenerate", DATE),
        ("regenerate", DATE, "--wait", "--timeout", "1"),
        ("start", DATE, "--force"),
        ("halt", "--reason", text, "--yes"),
        ("resume", "--reason", text, "--dry-run"),
        ("resume", "--reason", text, "--yes"),
        ("audit", DATE),
        ("alerts",),
    ]
    for command in commands:
        for more in ((), ("--json",)):
            shown = seat(*command, *more)
            assert not is_forged(shown.output), command


@pytest.mark.parametrize("text", STORED)
def test_names_reasons_and_metadata_forge_no_line(seat: Seat, text: str) -> None:
    good = players(6)
    batch = seat.promoted(metadata={"note": text, text: 1})
    strange = entry(f"{text}x", form=20.0)
    rejected = seat.rejected([*good[:1], *(entry(n.player_lookup, broken=True) for n in good[1:]), strange])
    ids = (batch.batch_id, rejected.batch_id)
    orders = [(word, one, "--reason", text) for word in ("rollback", "redrive", "cancel", "close") for one in ids]
    looks = [(word, one) for word in ("status", "diff", "audit", "wait") for one in (*ids, DATE, text)]
    lists = [("status",), ("show", DATE), ("alerts",), ("audit", DATE, "--format", "csv"), ("status", "--status", text)]
    wanted: list[tuple[str, ...]] = [
        ("regenerate", DATE, f"--{what}", text, "--dry-run") for what in ("players", "games", "systems", "metadata")
    ]
    wanted += [("withdraw", DATE, "--players", text, "--reason", "out", "--dry-run"), ("explain", text)]
    wanted += [(*order, more) for order in orders for more in ("--dry-run", "--yes")]
    for command in [*looks, *lists, *wanted]:
        shown = seat(*command)
        assert not is_forged(shown.output), command


def test_the_end_of_a_command_in_json_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    """DEL was written as `\\x7f`, which no JSON has."""
    end(Misused(f"a\x7fb {date(2026, 1, 20)}"), as_json=True)
    assert json.loads(capsys.readouterr().err)["detail"] == "a\x7fb 2026-01-20"
