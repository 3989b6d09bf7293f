"""What the command line, the audit and the report say of a batch: true in every state, the verdict first, the next step last."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from regen.domain.batch import Status
from regen.domain.batch_facts import BatchFacts, Waiver
from regen.domain.checks.waivers import FailedCheck
from regen.domain.next_steps import next_commands
from regen.domain.summary import SENTENCES, range_sentence, sentence, standing
from regen.domain.values import replace
from support.league import players
from support.seat import Seat

FEW = [*players(10)[:5], *players(10, features=False)[5:]]


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_a_rejected_batch_says_verdict_first_and_next_last(seat: Seat) -> None:
    first = seat.promoted()
    batch = seat.rejected(FEW).batch_id
    said = lines(seat("status", batch).stdout)
    assert said[0] == f"{batch}: rejected, round 1"
    assert said[1].startswith("Rejected: coverage is 50 %, under its limit of 90 %")
    assert said[2] == "Every current prediction of 2026-01-20 stayed as it was: 10 players kept theirs."
    assert said[-2] == f"next: regen redrive {batch} --wait"
    assert said[-1].startswith(f"or: regen promote {batch} --check coverage")
    assert first.batch_id not in said


def test_report_of_a_rejection_gives_no_untrue_reason(seat: Seat, tmp_path: Path) -> None:
    seat.promoted()
    batch = seat.rejected(FEW).batch_id
    assert seat("report", batch, "-o", str(tmp_path / "r.html")).exit_code == 0
    html = (tmp_path / "r.html").read_text()
    assert "first predictions" not in html
    assert "has been played" not in html
    assert html.index("<h2>Verdict</h2>") < html.index("<h2>Coverage by date</h2>")
    assert "Rejected: coverage is 50 %, under its limit of 90 %" in html
    assert (
        '<th scope=row>coverage</th><td class=number data-head="value">50</td><td class=number data-head="limit">90</td>'
        in html
    )
    assert f"<code>regen redrive {batch} --wait</code>" in html
    assert "nothing was promoted" in html


def test_a_waiver_is_seen_with_who_when_and_why(seat: Seat, tmp_path: Path) -> None:
    batch = seat.rejected(FEW).batch_id
    done = seat("promote", batch, "--check", "coverage", "--reason", "partial feed", "--yes", "--wait")
    assert done.exit_code == 0, done.output
    waived = "waived: coverage is 50 %, under its limit of 90 %; by api_key:old for ann@laptop (claimed) at 2026-01-20 12:00:0"
    said = lines(seat("status", batch).stdout)
    assert any(line.startswith(waived) and line.endswith("UTC: partial feed") for line in said)
    assert any(line.split()[:4] == ["coverage", "waived", "50", "90"] for line in said)
    assert not any(line.startswith("coverage no") for line in said)
    assert waived in " ".join(lines(seat("audit", batch).stdout))
    seat("report", batch, "-o", str(tmp_path / "r.html"))
    assert waived in (tmp_path / "r.html").read_text()


@pytest.mark.parametrize("order", ["cancel", "redrive", "rollback"])
def test_reasons_of_orders_are_in_status_and_audit(order: str, seat: Seat) -> None:
    if order == "cancel":
        seat.delivers = False
        batch = seat.bench.regenerate("t").batch_id
    else:
        batch = seat.promoted().batch_id if order == "rollback" else seat.rejected(FEW).batch_id
    assert seat(order, batch, "--reason", "the feed came back", "--yes").exit_code == 0
    seat.bench.sweep()
    history = [line for line in lines(seat("status", batch).stdout) if "the feed came back" in line]
    assert any("api_key:old" in line for line in history)
    assert any("the feed came back" in line for line in lines(seat("audit", batch).stdout))


def test_history_of_a_batch_is_listed_event_by_event(seat: Seat) -> None:
    batch = seat.promoted().batch_id
    said = lines(seat("status", batch).stdout)
    steps = [line.split()[2:4] for line in said if line.startswith("2026-01-20 12:00")]
    assert steps[0] == ["created", "dispatching"]
    assert steps[-1] == ["promoting", "promoted"]


BASE = BatchFacts(
    batch_id="regen_2026-01-20_x_0000000a",
    game_date="2026-01-20",
    status="promoted",
    requested=52,
    produced=52,
    skipped=0,
    failed=0,
    superseded=300,
    inserted=310,
    withdrawn=0,
)
COVERAGE = FailedCheck("coverage", 79.55, 90.0)
SAID: list[tuple[dict[str, Any], str, str | None, str]] = [
    ({"status": "created"}, "Being opened: the requests of 52 players are being written.", None, "regen wait"),
    ({"status": "dispatching", "pending": 40}, "Under way: 12 of 52 players have an outcome, 40 pending.", None, "regen wait"),
    ({"status": "running", "pending": 0}, "Under way: 52 of 52 players have an outcome, 0 pending.", None, "regen wait"),
    ({"status": "complete"}, "Being verified: all 52 players have an outcome.", None, "regen wait"),
    ({"status": "verifying"}, "Being verified: all 52 players have an outcome.", None, "regen wait"),
    ({"status": "promoting"}, "Being promoted: BigQuery is making the new predictions current.", None, "regen wait"),
    (
        {"status": "promoting", "last_why": "rollback: wrong"},
        "Being rolled back: BigQuery is making the earlier predictions current again.",
        None,
        "regen wait",
    ),
    ({}, "Promoted: new predictions of 52 players; 300 rows superseded, 310 inserted.", None, "regen diff"),
    (
        {"superseded": 0},
        "Promoted: first predictions of 52 players; 310 rows inserted, nothing was replaced.",
        None,
        "regen show",
    ),
    (
        {"produced": 50, "failed": 2, "kept": 2},
        "Promoted: new predictions of 50 of 52 players; 300 rows superseded, 310 inserted.",
        "2 players without new predictions kept the earlier ones.",
        "regen redrive",
    ),
    (
        {"produced": 50, "failed": 2, "kept": 0, "superseded": 0},
        "Promoted: first predictions of 50 of 52 players; 310 rows inserted, nothing was replaced.",
        "None of the players without new predictions had earlier ones.",
        "regen redrive",
    ),
    (
        {"withdrawn": 12, "withdrawals": {"out": {"players": 2, "rows": 12}}},
        "Promoted: new predictions of 52 players; 300 rows superseded, 310 inserted, 12 withdrawn (2 out).",
        None,
        "regen diff",
    ),
    (
        {"requested": 0, "produced": 0, "superseded": 0, "withdrawn": 1, "withdrawals": {"postponed": {"players": 1, "rows": 1}}},
        "Promoted: no player was predicted; 1 row withdrawn (1 postponed).",
        None,
        "regen show",
    ),
    (
        {"waivers": (Waiver(COVERAGE),)},
        "Promoted: new predictions of 52 players; 300 rows superseded, 310 inserted; accepted in spite of coverage.",
        None,
        "regen diff",
    ),
    ({"error": "a later one stands on it"}, "Still promoted: its rollback was refused: a later one stands on it.", None, "regen"),
    (
        {"status": "rejected", "failed_checks": (COVERAGE,), "produced": 36, "failed": 16, "kept": 52},
        "Rejected: coverage is 79.55 %, under its limit of 90 %.",
        "Every current prediction of 2026-01-20 stayed as it was: 52 players kept theirs.",
        "regen redrive",
    ),
    (
        {"status": "rejected", "failed_checks": (FailedCheck("games_gone", 1.0, 0.0),), "kept": 0},
        "Rejected: games_gone is 1, over its limit of 0.",
        "2026-01-20 had no current predictions, and has none.",
        "regen regenerate",
    ),
    (
        {"status": "rejected", "round": 2, "promoted_rounds": (1,), "error": "nothing new was produced in this round"},
        "Round 2 rejected: nothing new was produced in this round.",
        "What round 1 promoted stayed as it was.",
        "regen regenerate",
    ),
    (
        {"status": "rejected", "requested": 0, "error": "no slate on 2026-01-20"},
        "Rejected: no slate on 2026-01-20.",
        "Every current prediction of 2026-01-20 stayed as it was.",
        "regen regenerate",
    ),
    (
        {"status": "held", "kept": 52},
        "Held: its checks passed; the new predictions of 52 players wait for an order to promote.",
        "Every current prediction of 2026-01-20 stayed as it was: 52 players kept theirs.",
        "regen diff",
    ),
    (
        {"status": "held", "produced": 51, "failed": 1, "kept": 0, "round": 2},
        "Round 2 held: its checks passed; the new predictions of 51 of 52 players wait for an order to promote.",
        "2026-01-20 had no current predictions, and has none.",
        "regen diff",
    ),
    (
        {"status": "held", "produced": 0, "requested": 0},
        "Held: its checks passed; no player was predicted, and what it would withdraw waits for an order to promote.",
        "Every current prediction of 2026-01-20 stayed as it was.",
        "regen diff",
    ),
    (
        {"status": "cancelled", "error": "cancelled: wrong date", "last_by": "api_key:ops"},
        "Cancelled by api_key:ops before its promotion: wrong date.",
        "Every current prediction of 2026-01-20 stayed as it was.",
        "regen redrive",
    ),
    (
        {"status": "failed", "error": "opening_lost"},
        "Never begun: opening_lost.",
        "Every current prediction of 2026-01-20 stayed as it was.",
        "regen wait --date 2026-01-20",
    ),
    (
        {"status": "rolled_back", "last_by": None},
        "Rolled back: what it had replaced is current again.",
        None,
        "regen show",
    ),
    ({"status": "unreadable", "error": "schema 9"}, "This version cannot read its record: schema 9.", None, "regen doctor"),
    ({"status": "newer"}, "Its status is newer, which this version does not know.", None, "regen doctor"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said", "left", "command"), SAID)
def test_summary_is_true_in_every_state(changes: dict[str, Any], said: str, left: str | None, command: str) -> None:
    facts = replace(BASE, **changes)
    assert (sentence(facts), standing(facts)) == (said, left)
    assert next_commands(facts)[0].startswith(command)


class _Date(NamedTuple):
    status: str
    superseded: int | None = None
    inserted: int | None = None


def test_cancelled_dates_are_not_counted_as_short() -> None:
    dates = [_Date(status) for status in ("cancelled", "cancelled", "no_slate", "waiting", "newer")]
    dates.append(_Date("promoted", 5, 6))
    assert range_sentence("backfill_x", "cancelled", dates) == (
        "backfill_x is cancelled: of 6 dates 1 promoted, 2 cancelled, 1 without a slate, 1 waiting, 1 newer; "
        "5 rows superseded, 6 inserted"
    )


def test_no_state_lacks_a_sentence() -> None:
    assert set(SENTENCES) == {*Status, "unreadable"}
    assert set(SENTENCES) <= {changes.get("status", "promoted") for changes, *_ in SAID}
