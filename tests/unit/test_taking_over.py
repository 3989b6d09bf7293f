"""The guide of taking over says what the rehearsal runs, and the rehearsal's tables are the predecessor's, dirt and all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from regen.domain.batch import Status
from regen.domain.bdb import KNOWN, BdbStatus
from regen.ports import Write
from regen.services.state.deps import ALERT_TOPIC
from support import predecessors_guide as guide
from support.league import DAY
from support.predecessors_inputs import AVAILABLE, Day, box_scores, upstream_days
from support.predecessors_rows import AROUND, GONE, predicted
from support.predecessors_tables import ADOPTED, column, columns, described, table_names
from support.season_factory import season
from support.web_bench import Web

TEXT = guide.GUIDE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def days() -> list[Day]:
    data = season(days=14)
    return list(upstream_days(data, sorted({log.game_date for log in data.logs})[-6:], games=2))


@pytest.fixture(scope="module")
def left(days: list[Day]) -> Mapping[str, list[dict[str, Any]]]:
    return predicted(days)


def test_every_command_of_the_guide_is_run_or_stood_in_for() -> None:
    found = list(guide.commands())
    assert {command.step for command in found} == {1, 2, 3, 4, 5, 6}
    assert [c.text for c in found if not c.is_stood_in and not c.text.startswith(guide.RUN)] == []
    unused = [word for word in guide.STOOD_IN if not any(c.text.startswith(word) for c in found)]
    assert unused == []


def test_the_guide_names_all_that_is_stood_in_for() -> None:
    table = TEXT.split("| command | in the rehearsal |\n|---|---|\n", 1)[1].split("\n\n", 1)[0]
    assert dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", table, re.MULTILINE)) == dict(guide.STOOD_IN)


def test_the_guide_adopts_the_recorded_tables() -> None:
    (named,) = re.findall(r"^adopted_tables += \[(.+)\]$", TEXT, re.MULTILINE)
    assert tuple(re.findall(r'"(\w+)"', named)) == ADOPTED
    assert {name.rpartition(".")[2] for name in table_names()} > set(ADOPTED)


def test_a_recorded_column_keeps_its_limits() -> None:
    assert column("points NUMERIC(5,1)!") == {
        "name": "points", "type": "NUMERIC", "mode": "REQUIRED", "precision": "5", "scale": "1",
    }  # fmt: skip
    assert column("found FLOAT[]")["mode"] == "REPEATED"
    assert all(len(columns(name)) == len(set(columns(name))) for name in ADOPTED)
    assert described("prediction_worker_runs")["timePartitioning"]["field"] == "run_date"


def test_inputs_are_as_dirty_as_upstreams(days: list[Day]) -> None:
    slates = [row for day in days for row in day.tables()["upcoming_player_game_context"]]
    said = {row["player_status"] for row in slates} - {None}
    assert any(word.isupper() for word in said)
    assert any(word.islower() for word in said)
    assert all(row["game_start_time_local"].endswith(" ET") for row in slates)
    features = [row for day in days for row in day.features(late=False)]
    assert all("NaN" in row["features"] and len(row["features"]) == 37 for row in features)
    assert {row["source_shot_zones_rows_found"] for row in features} == {0}
    assert len({AVAILABLE, None}) > 1
    assert {word for word in AVAILABLE if word} < KNOWN
    assert {BdbStatus.AVAILABLE.value, "completed_bdb"} < set(AVAILABLE)


def test_a_postponed_game_is_played_later_under_its_id(days: list[Day]) -> None:
    off = {game for day in days for game in day.postponed}
    (day,) = (day for day in days if day.postponed)
    said = {row["game_id"]: row["game_status_text"] for row in day.tables()["nbac_schedule"]}
    assert {game for game, status in said.items() if status == "PPD"} == off
    assert len(said) == 2
    players = {p.player_lookup for p in day.players if p.game.game_id in off}
    assert players
    assert not players & day.points.keys()
    scores = box_scores(season(days=14), days[0].game_date, days)["player_game_summary"]
    played = {row["game_date"] for row in scores if row["game_id"] in off}
    assert played == {(day.game_date + timedelta(days=1)).isoformat()}
    assert off.isdisjoint(row["game_id"] for row in day.tables()["pending_bdb_games"])


def test_late_zones_change_rows_and_their_hash(days: list[Day]) -> None:
    before, after = (days[-1].features(late=late) for late in (False, True))
    changed = [new for old, new in zip(before, after, strict=True) if new["source_shot_zones_rows_found"]]
    assert len(changed) > 10
    assert all(row["created_at"] > before[0]["created_at"] for row in after)
    hashes = [(a["source_shot_zones_hash"], b["source_shot_zones_hash"]) for a, b in zip(before, after, strict=True)]
    assert sum(a != b for a, b in hashes) == len(changed)


def test_its_rows_are_as_its_merge_left_them(left: Mapping[str, list[dict[str, Any]]]) -> None:
    rows = left["player_prop_predictions"]
    assert len({row["prediction_id"] for row in rows}) == len(rows)
    assert {row["system_id"] for row in rows} > set(GONE)
    assert any(row.get("superseded") and row["is_active"] for row in rows)
    assert any(not row.get("superseded") and not row["is_active"] for row in rows)
    assert {row["confidence_score"] > 1 for row in rows} == {True, False}
    keys = [(r["game_date"], r["player_lookup"], r["system_id"]) for r in rows if not r.get("superseded")]
    assert max(Counter(keys).values()) == len(AROUND)
    assert not any({"feature_version_hash", "batch_id"} & row.keys() for row in rows)


def test_its_grades_name_no_prediction_and_audit_is_empty(left: Mapping[str, list[dict[str, Any]]]) -> None:
    grades = left["prediction_accuracy"]
    assert grades
    assert not any("prediction_id" in row for row in grades)
    assert "prediction_regeneration_audit" not in left


def test_a_document_of_the_predecessor_stops_nothing() -> None:
    """After a way back its coordinator has left new ones in the collection that regen's batches are in."""
    web = Web()
    name, at = f"batch_{DAY}_1769284800", web.bench.clock.now()
    theirs = {
        "batch_id": name, "game_date": DAY.isoformat(), "expected_players": 40, "completed_players": ["lukadoncic"],
        "is_complete": False, "start_time": at, "created_at": at, "updated_at": at,
    }  # fmt: skip
    web.bench.store.commit([Write("create", f"prediction_batches/{name}", theirs)])
    assert web.bench.run().status == Status.PROMOTED
    for _ in range(2):
        web.bench.clock.advance(600)
        report = web.bench.sweep()
        assert (report.unreadable, report.trouble) == ([], [])
    assert web.bench.queue.of(ALERT_TOPIC) == []
    listed = {batch["batch_id"]: batch["status"] for batch in (web.get("/batches").json or {})["batches"]}
    assert sorted(listed.values()) == ["promoted", "unreadable"]
    assert listed[name] == "unreadable"
