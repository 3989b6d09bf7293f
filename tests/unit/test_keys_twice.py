"""JSON that has a key twice says two things: regen refuses it by name instead of taking the last."""

from __future__ import annotations

from pathlib import Path

import pytest

from regen.cli.arguments import json_object
from regen.client.errors import Misused
from regen.data.reading import open_file
from regen.data.recognising import recognised
from regen.domain.errors import InvalidInput
from regen.domain.json_texts import KeyTwice, read_json
from regen.systems.artefact import ArtefactRefused, parse_artefact
from support.league import DAY, players
from support.web_bench import Web, envelope, pushed

DATE = DAY.isoformat()
BODIES = {
    "game_date": f'{{"game_date": "{DATE}", "game_date": "2026-01-21"}}',
    "dry_run": f'{{"game_date": "{DATE}", "dry_run": true, "dry_run": false}}',
    "metadata": f'{{"game_date": "{DATE}", "metadata": {{"a": [{{"b": 1, "b": 1}}]}}}}',
    "players": f'{{"players": [], "game_date": "{DATE}", "players": ["player00"]}}',
}


@pytest.mark.parametrize("field", BODIES)
def test_a_body_with_a_key_twice_is_refused_by_name(field: str) -> None:
    web = Web(players(3))
    answer = web.post("/regenerate-with-supersede", BODIES[field].encode())
    assert answer.json is not None
    assert (answer.status_code, answer.json["field"]) == (400, field)
    assert "twice" in answer.json["detail"]
    assert web.everything() == {}


@pytest.mark.parametrize("field", BODIES)
def test_a_trigger_with_a_key_twice_is_on_record(field: str) -> None:
    web = Web(players(3))
    assert web.push("coordinator", "/regenerate-pubsub", envelope(BODIES[field].encode())) == 204
    (entry,) = web.malformed()
    assert f"message.data.{field}: " in entry["error"]
    assert "twice" in entry["error"]
    assert not web.bench.store.find("prediction_batches")


@pytest.mark.parametrize("door", [("worker", "/"), ("verifier", "/verify"), ("verifier", "/dead-letters")])
def test_an_envelope_with_a_key_twice_is_on_record(door: tuple[str, str]) -> None:
    web = Web()
    body = b'{"message": {"data": "e30=", "messageId": "1", "messageId": "2"}}'
    assert web.call(door[0], "POST", door[1], body, pushed()).status_code == 204
    (entry,) = web.malformed()
    assert "message.messageId stands there twice" in entry["error"]


def test_the_path_of_a_key_is_that_of_the_outermost() -> None:
    with pytest.raises(KeyTwice, match="a stands there twice"):
        read_json('{"a": {"b": 1, "b": 2}, "a": {}}')
    with pytest.raises(KeyTwice, match=r"x\.y\.b stands there twice"):
        read_json('{"x": [1, {"y": {"b": 1, "b": 2}}]}')


def test_metadata_of_the_command_line_has_each_key_once() -> None:
    with pytest.raises(Misused, match="ticket stands there twice"):
        json_object('{"ticket": 1, "ticket": 2}', "--metadata")


def test_a_file_with_a_key_twice_is_not_half_read(tmp_path: Path) -> None:
    path = tmp_path / "lines.json"
    path.write_text('[{"points": 1, "points": 2}]')
    with pytest.raises(InvalidInput, match=r"lines\.json.*points stands there twice"):
        open_file(path)


def test_a_column_that_stands_twice_is_not_half_read(tmp_path: Path) -> None:
    path = tmp_path / "player_game_logs.csv"
    path.write_text("game_date,points,points\n2026-01-20,1,2\n")
    with pytest.raises(InvalidInput, match="points stands there twice"):
        recognised([path])


def test_an_artefact_with_a_key_twice_is_refused() -> None:
    with pytest.raises(ArtefactRefused, match="twice"):
        parse_artefact('{"hash": "a", "hash": "b"}')
