"""How commands end: the exit code, what to type next, and what goes on after Ctrl-C."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from regen.client import http
from regen.client.errors import EXIT_CODES
from support.league import players
from support.seat import Seat

DAY = "2026-01-20"
NONE = "regen_2026-01-20_none_00000000"
FEW = [*players(10)[:5], *players(10, features=False)[5:]]


@pytest.fixture
def seat(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> Seat:
    monkeypatch.setattr(http, "PAUSES", ())
    return seat


def last(text: str) -> str:
    return text.splitlines()[-1]


def test_each_kind_of_end_has_its_exit_code(seat: Seat) -> None:
    assert seat("status").exit_code == 0
    assert seat("start", DAY, "--wait").exit_code == 0
    seat.bench.slate(FEW)
    assert seat("regenerate", DAY, "--wait").exit_code == 1
    assert seat("regenerate", DAY, "--metadata", "[").exit_code == 2
    assert seat("nosuch").exit_code == 2
    assert seat("start", DAY).exit_code == 3
    assert seat("cancel", NONE, "--yes").exit_code == 4
    assert seat("start", "2026-07-01").exit_code == 4
    assert seat("status", "--url", "http://127.0.0.1:9").exit_code == 5
    assert seat("status", "--key", "wrong-key-of-sixteen-letters").exit_code == 6


def test_time_that_runs_out_ends_with_5(seat: Seat) -> None:
    seat.delivers = False
    ended = seat("start", DAY, "--wait", "--timeout", "0.1")
    assert ended.exit_code == 5
    batch = seat.bench.store.find("prediction_batches")[0].path.rpartition("/")[2]
    assert last(ended.stderr) == f"next: regen wait {batch}"


def test_help_and_docs_list_the_exit_codes(seat: Seat) -> None:
    assert EXIT_CODES in " ".join(seat("--help").output.replace("│", " ").split())
    page = Path(__file__).parents[2] / "docs" / "operations.md"
    for said in EXIT_CODES.split(", "):
        code, _, meaning = said.partition(" ")
        assert f"| {code} | {meaning}" in page.read_text(), said


@pytest.mark.parametrize(
    ("typed", "then"),
    [
        (("start", "2026-07-01"), "regen slate 2026-07-01 --all"),
        (("start", "nonsense"), "regen start --help"),
        (("bdb", "nosuch"), "regen bdb --help"),
        (("promote", NONE), "regen promote --help"),
        (("cancel", NONE, "--yes"), f"regen status --date {DAY}"),
        (("status", "--url", "http://127.0.0.1:9"), "regen doctor"),
        (("status", "--key", "wrong-key-of-sixteen-letters"), "regen doctor"),
        (("wait", "--date", "2026-07-01"), "regen start 2026-07-01 --wait"),
        (("diff", DAY), f"regen audit {DAY}"),
    ],
)
def test_an_end_without_success_says_what_is_next(typed: tuple[str, ...], then: str, seat: Seat) -> None:
    ended = seat(*typed)
    assert ended.exit_code != 0
    assert last(ended.stderr) == f"next: {then}"


def test_rejection_after_a_wait_closes_with_the_redrive(seat: Seat) -> None:
    seat.bench.slate(FEW)
    ended = seat("start", DAY, "--wait")
    assert ended.exit_code == 1
    batch = seat.bench.store.find("prediction_batches")[0].path.rpartition("/")[2]
    assert last(ended.stderr) == f"next: regen redrive {batch} --wait"


def test_json_ends_with_a_problem_document_on_stderr(seat: Seat) -> None:
    refused = seat("start", "2026-07-01", "--json")
    problem = json.loads(last(refused.stderr))
    assert (problem["status"], problem["exit_code"], problem["type"]) == (404, 4, "urn:regen:problem:no-slate")
    assert problem["next"] == "regen slate 2026-07-01 --all"
    assert refused.stdout == ""
    misused = json.loads(last(seat("nosuch", "--json").stderr))
    assert (misused["title"], misused["exit_code"]) == ("Wrong usage", 2)


def test_a_misspelt_player_is_told_the_nearest(seat: Seat) -> None:
    """It said "nothing found", and ended with 0."""
    seat.promoted()
    known = seat.bench.warehouse.predictions(date.fromisoformat(DAY))[0]["player_lookup"]
    missed = seat("show", DAY, "--player", f"{known}x")
    assert missed.exit_code == 4
    assert f"the nearest: {known}" in missed.stderr
    assert last(missed.stderr) == f"next: regen show {DAY} --player {known}"
    named = seat("show", DAY, "--player", f"{known[:2]} {known[2:]}".title())
    assert named.exit_code == 0
    assert known in named.stdout


def test_a_date_without_predictions_says_so_and_what_to_type(seat: Seat) -> None:
    empty = seat("show", DAY)
    assert (empty.exit_code, empty.stdout) == (4, "")
    assert empty.stderr.splitlines() == [
        f"error: no current predictions of {DAY}",
        f"next: regen start {DAY} --wait",
    ]


@pytest.mark.parametrize("words", [("start",), ("bdb", "scan"), ()], ids=" ".join)
def test_help_with_a_name_is_its_help(words: tuple[str, ...], seat: Seat) -> None:
    assert seat("help", *words).output == seat(*words, "--help").output
    assert seat("help", "nosuch").exit_code == 2


def test_a_misspelt_command_is_told_the_nearest(seat: Seat) -> None:
    assert "regenerate" in seat("regenarate", DAY).stderr


@pytest.mark.parametrize("typed", [("start", DAY, "--wait"), ("regenerate", DAY, "--wait")], ids=" ".join)
def test_ctrl_c_in_a_wait_says_that_the_batch_goes_on(
    typed: tuple[str, ...], seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    seat.delivers = False

    def pressed(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("regen.client.waiting.time.sleep", pressed)
    ended = seat(*typed)
    batch = seat.bench.store.find("prediction_batches")[0].path.rpartition("/")[2]
    assert ended.exit_code == 130
    assert last(ended.stderr) == f"the batch goes on; follow: regen wait {batch}; end it: regen cancel {batch}"


def test_ctrl_c_in_a_backfill_says_how_to_follow(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    seat.delivers = False

    def pressed(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("regen.cli.backfill.time.sleep", pressed)
    ended = seat("backfill", DAY, DAY, "--yes")
    name = seat.bench.store.find("backfills")[0].path.rpartition("/")[2]
    assert ended.exit_code == 130
    assert last(ended.stderr) == (
        f"{name} goes on; follow: regen backfill --resume {name}; end it: regen backfill cancel {name}"
    )
