"""Orders that reach a trigger as attributes or under another name are never ignored in silence."""

from __future__ import annotations

from typing import Any

import pytest

from regen.services.state.messages import ADVANCE, GRADE
from support.league import DAY
from support.web_bench import Web, envelope

DATE, PUSH = DAY.isoformat(), "/regenerate-pubsub"
ORDERS = [
    *(
        "dry_run",
        "dryRun",
        "DRY-RUN",
        "is_dry_run",
        "dry",
        "test",
        "noop",
        "validate_only",
        "preview",
        "force",
        "forced",
    ),
    *(
        "team",
        "teams",
        "team_id",
        "teamFilter",
        "players_list",
        "playersList",
        "playerslist",
        "player_filter",
        "only_players",
    ),
    *(
        "filter",
        "filters",
        "scope",
        "exclude",
        "exclude_players",
        "excludePlayers",
        "include_games",
        "skip",
        "skip_games",
    ),
    *(
        "game",
        "gameIds",
        "game_list",
        "gamelist",
        "matchup",
        "target_date",
        "game_day",
        "start_date",
        "end_date",
        "range",
    ),
    *(
        "test_mode",
        "testRun",
        "simulation_mode",
        "rehearsal",
        "do_not_promote",
        "auto_promote",
        "promote_after",
        "hold_until",
    ),
    *(
        "without",
        "omit_players",
        "restrict_to",
        "first_n",
        "athletes",
        "lookups",
        "dates_list",
        "range_from",
        "model_ids",
    ),
    *(
        "rollback_batch",
        "cancel_batch",
        "promoteBatch",
        "redrive_batch",
        "close",
        "withdraw",
        "pause",
        "resume",
        "halt_now",
    ),
    *("system", "system_list", "limit", "subset", "min_minutes", "checks", "lines", "not_before", "cancel", "rollback"),
]
TRACES = [
    "season",
    "model",
    "source",
    "correlation_id",
    "games_count",
    "source_system",
    "game_updated_at",
    "latest_run",
    "hold_status",
    "analysis_date",
    "processor_name",
    "rows_processed",
    "trace_id",
    "priority",
    "é",
    "",
]


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_in_an_attribute_or_field_is_refused(name: str) -> None:
    for data, attributes, shown in (({name: "x"}, {}, name), ({}, {name: "true"}, f"attributes.{name}")):
        web = Web()
        body = envelope({"game_date": DATE, **data}, "m-1", **attributes)
        assert web.push("coordinator", PUSH, body) == 204
        (entry,) = web.malformed()
        assert entry["error"].startswith(f"{shown}: "), entry["error"]
        assert not web.bench.store.find("prediction_batches")


def _metadata(data: dict[str, Any], attributes: dict[str, str]) -> dict[str, Any]:
    web = Web()
    assert web.push("coordinator", PUSH, envelope({"game_date": DATE, **data}, "m-1", **attributes)) == 204
    assert web.malformed() == []
    (batch,) = (web.get("/batches").json or {})["batches"]
    found: dict[str, Any] = batch["metadata"]
    return found


@pytest.mark.parametrize("name", TRACES)
def test_what_means_no_order_is_kept_as_a_trace(name: str) -> None:
    assert _metadata({name: "x"}, {}) == {"ignored_fields": {name: "x"}}
    assert _metadata({}, {name: "x"}) == {"ignored_attributes": {name: "x"}}


def test_attributes_that_repeat_the_message_are_accepted() -> None:
    said = {"game_date": DATE, "mode": "regenerate_with_supersede", "reason": "feature_upgrade"}
    assert _metadata({}, said) == {"ignored_attributes": said}


@pytest.mark.parametrize(
    ("name", "value"), [("game_date", "2026-01-21"), ("players", "lebronjames"), ("mode", "x"), ("reason", "late")]
)
def test_an_attribute_cannot_contradict_the_message(name: str, value: str) -> None:
    web = Web()
    assert web.push("coordinator", PUSH, envelope({"game_date": DATE}, "m-1", **{name: value})) == 204
    (entry,) = web.malformed()
    assert entry["error"].startswith(f"attributes.{name}: ")
    assert not web.bench.store.find("prediction_batches")


def test_attributes_of_the_transport_are_no_trace() -> None:
    sent = {"traceparent": "x", "googclient_schemaencoding": "JSON", "CloudPubSubDeadLetterSourceDeliveryCount": "3"}
    assert _metadata({}, sent) == {}


def test_attributes_that_do_not_fit_are_kept_by_name() -> None:
    assert _metadata({}, {"source": "x" * 1000, "note": "y" * 1000}) == {"ignored_attributes": ["source", "note"]}


@pytest.mark.parametrize("word", ["dry_run", "force", "players"])
@pytest.mark.parametrize("data", [{"mode": GRADE, "game_date": DATE}, {"mode": ADVANCE, "backfill_id": "x"}])
def test_a_wake_from_outside_ignores_no_order(data: dict[str, Any], word: str) -> None:
    for more, attributes, shown in (({word: True}, {}, word), ({}, {word: "true"}, f"attributes.{word}")):
        web = Web()
        assert web.push("coordinator", PUSH, envelope({**data, **more}, "m-1", **attributes)) == 204
        (entry,) = web.malformed()
        assert entry["error"].startswith(f"{shown}: ")
