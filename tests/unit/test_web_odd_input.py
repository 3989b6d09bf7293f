"""Odd bodies, names and keys: a clear answer that names the field, and nothing else is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from regen.domain.errors import InvalidInput
from regen.domain.trigger import MAX_COALESCED
from regen.services.batch.dates import read_date
from regen.services.batch.opening import _take_date
from regen.services.batch.pinning import NO_PINS
from regen.services.state.deps import TRIGGER_TOPIC
from regen.services.state.idempotency import IdempotencyKey
from support.league import DAY, entry, players
from support.lists import list_batches
from support.web_bench import Web

PATH = "/regenerate-with-supersede"
REGENERATION: dict[str, tuple[Any, int, str]] = {
    "empty": (b"", 400, "game_date"),
    "spaces": (b" \n", 400, "game_date"),
    "half": (b'{"game_date"', 400, "body"),
    "list": (b"[]", 400, "body"),
    "text": (b'"2026-01-20"', 400, "body"),
    "latin": (b'{"x": "\xe9"}', 400, "body"),
    "utf-16": ('{"game_date": "x"}'.encode("utf-16"), 400, "game_date"),
    "deep": (b"[" * 200_000, 400, "body"),
    "deeper than we go": (b'{"metadata":' + b'{"a":' * 70 + b"1" + b"}" * 71, 400, "metadata"),
    "huge number": (b'{"game_date": ' + b"9" * 5000 + b"}", 400, "body"),
    "big number": ({"metadata": {"n": 2**64}}, 400, "metadata"),
    "surrogate": (b'{"metadata": {"x": "\\ud800"}}', 400, "metadata"),
    "surrogate in a key": (b'{"metadata": {"\\ud800": 1}}', 400, "metadata"),
    "NUL": ({"metadata": {"x": ["\u0000"]}}, 400, "metadata"),
    "NUL in a key": ({"metadata": {"a": {"\u0000": 1}}}, 400, "metadata"),
    "escape sequence": ({"metadata": {"x": "\u001b[2J"}}, 400, "metadata"),
    "C1": ({"metadata": {"x": "\u009b2J"}}, 400, "metadata"),
    "DEL": ({"metadata": {"x": "\u007f"}}, 400, "metadata"),
    "NUL in a player": ({"players": ["a\u0000"]}, 400, "players"),
    "nested NaN": (b'{"game_date": "2026-01-20", "metadata": {"x": [{"y": NaN}]}}', 400, "metadata"),
    "surrogate in a name": (b'{"\\udfff": 1}', 400, "body"),
    "NaN": (b'{"game_date": NaN}', 400, "game_date"),
    "infinity": (b'{"game_date": "2026-01-20", "metadata": {"x": -Infinity}}', 400, "metadata"),
    "1e999": (b'{"game_date": "2026-01-20", "metadata": {"x": 1e999}}', 400, "metadata"),
    "no such day": ({"game_date": "2026-02-30"}, 400, "game_date"),
    "day zero": ({"game_date": "0000-00-00"}, 400, "game_date"),
    "last day": ({"game_date": "9999-12-31"}, 400, "game_date"),
    "week date": ({"game_date": "2026-W04-2"}, 400, "game_date"),
    "time": ({"game_date": "2026-01-20T00:00:00"}, 400, "game_date"),
    "TODAY": ({"game_date": "TODAY"}, 400, "game_date"),
    "today": ({"game_date": "today"}, 400, "game_date"),
    "line break": ({"game_date": "2026-01-20\n"}, 400, "game_date"),
    "reason with a line break": ({"reason": "late\n"}, 400, "reason"),
    "reason with capitals": ({"reason": "Late"}, 400, "reason"),
    "reason of 41": ({"reason": "r" * 41}, 400, "reason"),
    "reason null": ({"reason": None}, 400, "reason"),
    "metadata list": ({"metadata": [1]}, 400, "metadata"),
    "metadata of 20 kB and one": ({"metadata": {"x": "y" * 19_992}}, 400, "metadata"),
    "players text": ({"players": "playera"}, 400, "players"),
    "players null inside": ({"players": [None]}, 400, "players"),
    "1001 players": ({"players": [f"p{n}" for n in range(1001)]}, 400, "players"),
    "long name": ({"players": ["p" * 101]}, 400, "players"),
    "unknown player": ({"players": ["nobody"]}, 404, ""),
    "unknown game": ({"games": ["\u0000"]}, 400, "games"),
    "unknown system": ({"systems": ["nosuch"]}, 400, "systems"),
    "system list": ({"systems": [["steady"]]}, 400, "systems"),
    "flag text": ({"dry_run": "yes"}, 400, "dry_run"),
    "flag one": ({"dry_run": 1}, 400, "dry_run"),
    "unknown field": ({"mode": "x"}, 400, "mode"),
    "odd field": ({"__proto__\n": "x"}, 400, "__proto__\n"),
}


def _body(given: Any) -> bytes:
    return given if isinstance(given, bytes) else json.dumps({"game_date": DAY.isoformat(), **given}).encode()


@pytest.mark.parametrize("name", list(REGENERATION))
def test_odd_input_names_its_field_and_changes_nothing(name: str) -> None:
    web = Web()
    given, status, field = REGENERATION[name]
    for headers in ({}, {"Idempotency-Key": "k"}):
        answer = web.post(PATH, _body(given), headers)
        assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
        assert answer.json is not None
        assert answer.json.get("field", "") == field
    assert web.everything() == {}
    assert not web.bench.queue.published


@pytest.mark.parametrize("value", [49, -1, "15", True, float("nan"), float("inf"), 10**18, [15]])
def test_invalid_min_minutes_is_refused(value: Any) -> None:
    web = Web()
    answer = web.post("/start", {"game_date": DAY.isoformat(), "min_minutes": value})
    assert answer.json is not None
    assert (answer.status_code, answer.json["field"]) == (400, "min_minutes")
    assert web.everything() == {}


METADATA: list[Any] = [
    {},
    {"a": [[1, [2, [3]]], {"b": [[]]}], "": None, "__x__": {"$ref": 1}, "a.b/c`d": "e", "0": True},
    {"coalesced": "mine", "trigger_id": ["t"], "reason": {"not": "a reason"}},
    {"text": "line\nbreak\t\r \u202e é 🏀 '\"\\"},
    {"big": 2**63 - 1, "small": -(2**63), "tiny": 5e-324, "zero": -0.0},
    {"x": "y" * 19_991},
    {"deep": json.loads("[" * 50 + "]" * 50)},
]


@pytest.mark.parametrize("metadata", METADATA, ids=range(len(METADATA)))
def test_metadata_reaches_the_audit_unchanged(metadata: Any) -> None:
    web = Web(players(3))
    day = DAY.isoformat()
    opened = web.post(PATH, {"game_date": day, "metadata": metadata}, {"Idempotency-Key": "k"})
    assert opened.status_code == 202
    second = web.post(PATH, {"game_date": day, "metadata": metadata})
    assert second.json is not None
    assert second.json["status"] == "coalesced"
    web.bench.drain()
    web.bench.sweep()
    assert [e.metadata for e in web.bench.audited("coalesced")] == [metadata]
    assert [e.metadata for e in web.bench.audited("requested")] == [metadata, metadata]
    listed = web.get("/batches").json
    assert listed is not None
    assert [b["status"] for b in listed["batches"]] == ["promoted", "promoted"]
    assert listed["batches"][0]["metadata"] == metadata


def test_odd_metadata_does_not_replace_a_lost_trigger() -> None:
    """A sweep that stumbled over it would stop healing for good."""
    web = Web(players(3))
    odd = {"trigger_id": ["t"], "reason": "No reason/at all", "note": "mine"}
    bench = web.bench
    bench.regenerate("t1")
    bench.regenerate("t2", metadata={"trigger_id": {}, "reason": 1})
    bench.regenerate("t3", reason="late", metadata=odd)
    bench.until(TRIGGER_TOPIC)
    bench.queue.waiting.clear()
    date = read_date(bench.deps, DAY)
    follow_up = bench.trigger("f", follow_up="x")
    seen = (bench.warehouse.read_slate(DAY), NO_PINS)
    lost = _take_date(bench.deps, follow_up, date, seen, IdempotencyKey("s", "k", "b"))
    bench.clock.advance(91)
    bench.sweep()
    bench.sweep()
    assert bench.batch(lost.batch.batch_id).status == "failed"
    newest = web.get("/batches?status=promoted").json
    assert newest is not None
    assert newest["batches"][0]["trigger_ids"] == ["t2", "t3"]
    assert newest["batches"][0]["reasons"] == ["feature_upgrade", "late"]
    assert newest["batches"][0]["metadata"]["coalesced"][0]["note"] == "mine"


NAMES = [
    "shai gilgeous-alexander",
    "de'aaron fox",
    "j.r. smith",
    "nikola jokić",
    "gary trent jr.",
    "o\u2019neal",
    "姚明",
    "a" * 100,
]


def test_players_with_unusual_names_are_predicted() -> None:
    web = Web([entry(name, lines=(24.5, 25.0)) for name in NAMES])
    answer = web.post(PATH, {"game_date": DAY.isoformat(), "players": NAMES[:7]})
    assert answer.status_code == 202
    assert answer.json is not None
    batch_id = answer.json["batch_id"]
    shown = web.get(f"/batches/{batch_id}").json
    assert shown is not None
    assert shown["pending"] == sorted(NAMES[:7])
    web.bench.drain()
    assert {(p, line) for p, _, line in web.bench.current()} == {(n, x) for n in NAMES[:7] for x in (24.5, 25.0)}


@pytest.mark.parametrize(
    ("key", "status"),
    [("", 400), ("k" * 201, 400), ("k" * 200, 202), ("é/..%00", 202), ("{}", 202), ("\t k", 202), ("k\u0085", 400)],
)
def test_an_idempotency_key_may_be_any_short_text(key: str, status: int) -> None:
    web = Web()
    headers = {"Idempotency-Key": key}
    first = web.post(PATH, {"game_date": DAY.isoformat()}, headers)
    assert first.status_code == status
    if status == 202:
        again = web.post(PATH, {"game_date": DAY.isoformat()}, headers)
        assert again.json == first.json
        assert web.post(PATH, {"game_date": DAY.isoformat(), "reason": "x"}, headers).status_code == 422
    else:
        assert first.json is not None
        assert first.json["field"] == "Idempotency-Key"


def test_same_key_of_two_callers_is_two_keys() -> None:
    web = Web()
    day = DAY.isoformat()
    first = web.post(PATH, {"game_date": day}, {"Idempotency-Key": "k"}).json
    second = web.post(
        PATH, {"game_date": day}, {"Idempotency-Key": "k", "X-API-Key": "another-key-that-is-valid-too"}
    ).json
    assert first is not None
    assert second is not None
    assert (first["status"], second["status"]) == ("accepted", "coalesced")


def test_first_coalesced_trigger_survives_the_limit() -> None:
    web = Web()
    bench = web.bench
    bench.regenerate("first")
    for number in range(MAX_COALESCED + 5):
        name = "playerb" if number == 0 else "playera"
        answer = web.post(PATH, {"game_date": DAY.isoformat(), "players": [name]})
        assert answer.status_code == 202
    date = read_date(bench.deps, DAY).record
    assert len(date.coalesced) == MAX_COALESCED
    bench.clock.advance(1)
    bench.drain()
    bench.sweep()
    listed = web.get("/batches").json
    assert listed is not None
    assert [b["requested_players"] for b in listed["batches"]] == [2, 8]
    assert len(bench.audited("coalesced")) == MAX_COALESCED + 5


def test_large_triggers_are_all_coalesced_and_carried() -> None:
    rostered = [f"player{'n' * 80}{n}" for n in range(900)]
    web = Web([*players(3), *(entry(name, status="OUT", lines=(), games=0) for name in rostered)])
    web.post(PATH, {"game_date": DAY.isoformat()})
    for number in range(120):
        much = {"note": "x" * 19_900, "number": number}
        body = {"game_date": DAY.isoformat(), "metadata": much, "players": list(rostered)}
        body["players"] = body["players"] if number % 2 else ["playera"]
        answer = web.post(PATH, body, {"Idempotency-Key": f"key-{number}"})
        assert answer.status_code == 202, answer.json
    bench = web.bench
    seen = bench.store.get(f"game_dates/{DAY.isoformat()}")
    assert seen is not None
    assert len(str(seen.data)) < 500_000
    coalesced = read_date(bench.deps, DAY).record.coalesced
    assert coalesced[-1].metadata["number"] == 119
    assert "kept_in_audit" in coalesced[0].metadata
    bench.clock.advance(1)
    bench.drain()
    bench.sweep()
    newest = list_batches(bench.deps, None, "promoted")[0]
    assert newest.trigger_ids == [f"key-{n}" for n in range(120)]
    assert newest.requested_players == 3, "more names than a slate has are the whole slate"
    stored = bench.store.get(f"prediction_batches/{newest.batch_id}")
    assert stored is not None
    assert len(str(stored.data)) < 500_000
    assert sorted(e.metadata["number"] for e in bench.audited("coalesced")) == list(range(120))


def test_unrecordable_item_does_not_delay_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    web = Web()
    real = web.bench.warehouse.record

    def picky(entries: Any, staging: str | None = None) -> None:
        if any(e.error and "messageId" in e.error for e in entries):
            raise InvalidInput("metadata", "something else")
        real(entries, staging)

    monkeypatch.setattr(web.bench.warehouse, "record", picky)
    for body in (b"one", b'{"message": {}}', b"two", b"three"):
        assert web.push("worker", "/", body) == 204
    report = web.bench.sweep()
    assert "expected something else" in report.trouble[0]
    assert len(web.bench.audited("malformed")) == 3
    assert [item.kind for item in web.outbox()] == ["audit"]
    monkeypatch.setattr(web.bench.warehouse, "record", real)
    web.bench.clock.advance(301)
    assert web.bench.sweep().trouble == []
    assert not web.outbox()


def test_newest_batches_are_listed_up_to_the_limit() -> None:
    web = Web(players(3))
    made = []
    for _ in range(4):
        made.append(web.post(PATH, {"game_date": DAY.isoformat()}).json["batch_id"])  # type: ignore[index]
        web.bench.drain()
        web.bench.clock.advance(1)
    for query in (
        "?limit=2",
        "?status=promoted&limit=2",
        f"?game_date={DAY}&limit=2",
        f"?game_date={DAY}&status=promoted&limit=2",
    ):
        listed = web.get(f"/batches{query}").json
        assert listed is not None
        assert [b["batch_id"] for b in listed["batches"]] == made[:1:-1], query
    for odd in ("0", "201", "-1", "1.0", "x", "%C2%B2", "0000000001"):
        assert web.get(f"/batches?limit={odd}").status_code == 400
