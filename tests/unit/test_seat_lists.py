"""Lists: nothing found ends with 4 and the nearest name, and each list is to be had as JSON and CSV, in any order."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta

import pytest

from regen.cli.sorting import sorted_by
from regen.cli.tables import Column
from regen.client.errors import Misused
from regen.domain.nearest import nearest, nearest_days
from support.league import DAY
from support.seat import Seat

NEXT_DAY = (DAY + timedelta(days=1)).isoformat()
SHAPE = (Column("player_lookup", "player"), Column("points", "points", number=True))
RECORDS = [{"player_lookup": n, "points": p} for n, p in (("bob", 9.5), ("ann", None), ("cy", 21.0))]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("show", NEXT_DAY), f"no current predictions of {NEXT_DAY}; the nearest: {DAY}"),
        (("coverage", NEXT_DAY), f"no slate on {NEXT_DAY}; the nearest: {DAY}"),
        (("audit", NEXT_DAY), f"the audit has nothing of {NEXT_DAY}; the nearest: {DAY}"),
        (("status", "--date", NEXT_DAY), f"no batch of {NEXT_DAY}; the nearest: {DAY}"),
        (("status", NEXT_DAY), f"no batch of {NEXT_DAY}; the nearest: {DAY}"),
        (("status", "--status", "failed"), "no batch that is failed on record"),
        (("backfill", "status", "backfill_x"), "no backfill backfill_x"),
        (("news", "list", NEXT_DAY), f"no news of {NEXT_DAY}; the nearest: {DAY}"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_nothing_found_is_4_with_the_nearest_date(typed: tuple[str, ...], said: str, seat: Seat) -> None:
    seat.bench.run("first")
    ended = seat(*typed)
    assert (ended.exit_code, ended.stdout) == (4, "")
    assert ended.stderr.splitlines()[0] == f"error: {said}"
    assert ended.stderr.splitlines()[-1].startswith("next: regen ")


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        (("promote", "{batch}", "--check", "coverge", "--reason", "x"), "no check coverge; the nearest: coverage"),
        (("status", "--status", "rejectd"), "the nearest: rejected"),
        (("status", "{batch}x"), "the nearest: {batch}"),
        (("bdb", "list", "--status", "bdb_avalable"), "the nearest: bdb_available"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_misspelt_name_is_told_the_nearest(typed: tuple[str, ...], near: str, seat: Seat) -> None:
    batch = seat.bench.run("first").batch_id
    ended = seat(*(word.format(batch=batch) for word in typed))
    assert ended.exit_code in {2, 4}
    assert near.format(batch=batch) in ended.stderr


def test_a_list_is_had_as_csv_and_in_any_order(seat: Seat) -> None:
    seat.bench.run("first")
    shown = seat("show", DAY.isoformat(), "--system", "bold", "--format", "csv", "--sort-by", "-points")
    assert shown.exit_code == 0, shown.output
    rows = list(csv.DictReader(io.StringIO(shown.stdout)))
    points = [float(row["predicted_points"]) for row in rows]
    assert points == sorted(points, reverse=True)
    assert len(points) == 10
    assert rows[0]["player_lookup"].isalpha()


def test_json_is_one_of_the_formats(seat: Seat) -> None:
    seat.bench.run("first")
    show = ("show", DAY.isoformat(), "--system", "all")
    first, second = seat(*show, "--format", "json"), seat(*show, "--json")
    assert json.loads(first.stdout) == json.loads(second.stdout)


def test_an_order_by_an_unknown_column_names_the_nearest() -> None:
    with pytest.raises(Misused, match="no column pionts; the nearest: points; known: player, points"):
        sorted_by("pionts", SHAPE, RECORDS)


@pytest.mark.parametrize(
    ("wanted", "order"), [("points", "bob cy ann"), ("-points", "cy bob ann"), ("player_lookup", "ann bob cy")]
)
def test_unknown_values_come_last_in_either_order(wanted: str, order: str) -> None:
    assert " ".join(str(RECORDS[n]["player_lookup"]) for n in sorted_by(wanted, SHAPE, RECORDS)) == order


def test_verbose_names_origins_and_requests_but_no_key(seat: Seat) -> None:
    seat.bench.run("first")
    told = seat("status", "-v").stderr
    assert "url: http://127.0.0.1" in told
    assert "GET /batches: ok in" in told
    assert "key: (not shown), from the environment" in told
    assert seat.env["API_KEY"] not in told


def test_one_rule_names_what_is_nearest() -> None:
    assert nearest("Bredon Peltan", ["bredonpeltane", "zed"]) == ["bredonpeltane"]
    assert nearest("zzzzz", ["bredonpeltane"]) == []
    days = [date(2026, 1, n) for n in (18, 19, 22, 30)]
    assert nearest_days(date(2026, 1, 20), days) == [date(2026, 1, 19), date(2026, 1, 22)]
    assert nearest_days(date(2026, 6, 1), days) == []
