"""A stack lives on the clock of its data, all its processes alike; Google Cloud has one clock."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from regen import clock, league
from regen.adapters.system import SystemClock
from regen.cli.arguments import game_date
from regen.cli.output import Output
from regen.cli.session import Session
from regen.cli.settings import Given, clock_of, resolve
from regen.cli.stack import stack_options
from regen.client.errors import Misused
from regen.data.import_options import ImportOptions, Part
from regen.data.importer import import_data
from regen.data.input_rows import FEATURES, PENDING
from regen.domain.bdb import MAX_AGE
from regen.local import plan
from regen.web.settings import SettingsInvalid, read_settings
from support.season_factory import season

GOOD = {"REGEN_PROJECT": "my-project", "REGEN_API_KEYS": "me:0123456789abcdef"}
MOMENT = "2026-01-26T17:00:00+00:00"


@pytest.fixture(autouse=True)
def _own_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in [name for name in os.environ if name.startswith("REGEN_")]:
        monkeypatch.delenv(name)
    yield
    clock.live_from("")


def test_time_goes_on_from_the_moment_a_second_a_second() -> None:
    anchor = datetime.now(UTC) - timedelta(hours=2)
    clock.live_from(f"{MOMENT}@{anchor.isoformat()}")
    away = SystemClock().now() - datetime.fromisoformat(MOMENT)
    assert timedelta(hours=2) <= away < timedelta(hours=2, minutes=5)
    clock.live_from("")
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.parametrize("text", ["2026-13-01T00:00:00Z", "2026-01-26T17:00:00", "tomorrow", f"{MOMENT}@never"])
def test_a_moment_that_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(SettingsInvalid, match=r"REGEN_CLOCK_START: expected a moment with its zone"):
        read_settings({**GOOD, "REGEN_CLOCK_START": text})


def test_another_clock_is_refused_on_google_cloud() -> None:
    assert read_settings({**GOOD, "REGEN_CLOCK_START": MOMENT}).clock_start == MOMENT
    with pytest.raises(SettingsInvalid, match="REGEN_CLOCK_START: expected none on Cloud Run"):
        read_settings({**GOOD, "REGEN_CLOCK_START": MOMENT, "K_SERVICE": "regen-verifier"})


def test_every_process_of_a_stack_gets_the_same_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGEN_CLOCK_START", "2026-01-21T12:00Z")
    options = stack_options(
        Session(out=Output(json=True)), emulators=False, sample_start=league.CLOCK_START, home=tmp_path
    )
    where = plan.addresses({})
    functions = plan.function_environment(options, where, memory=True, api_key="k" * 16, code_version="1")
    user = plan.user_environment(options, where, memory=True, api_key="k" * 16)
    relay = plan.relay_config(options, where)
    (started,) = {functions["REGEN_CLOCK_START"], user["REGEN_CLOCK_START"], relay.clock}
    assert read_settings(functions).clock_start == started
    assert clock.now().date() == date(2026, 1, 21), "this process, too"
    (tmp_path / "env").write_text("".join(f"{k}={v}\n" for k, v in user.items()))
    assert clock_of(Given(), {"REGEN_LOCAL_HOME": str(tmp_path)}) == started
    clock.live_from(started)
    assert game_date("TODAY") == date(2026, 1, 21)
    monkeypatch.setenv("REGEN_CLOCK_START", started)
    again = stack_options(
        Session(out=Output(json=True)), emulators=False, sample_start=league.CLOCK_START, home=tmp_path
    )
    assert again.variables["REGEN_CLOCK_START"] > started, "a new stack begins at the moment again"


def test_a_command_about_another_system_has_the_machines_time(tmp_path: Path) -> None:
    (tmp_path / "env").write_text(f"COORDINATOR_URL=http://127.0.0.1:1\nREGEN_CLOCK_START={MOMENT}@{MOMENT}\n")
    environ = {"REGEN_LOCAL_HOME": str(tmp_path), "REGEN_CONFIG": str(tmp_path / "none")}
    assert resolve(Given(), environ).clock
    elsewhere = {**environ, "REGEN_CLOCK_START": MOMENT}
    assert resolve(Given(url="https://coordinator.example"), elsewhere).clock == ""


def test_the_stack_takes_the_settings_of_its_starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGEN_WEBHOOK_URL", "http://127.0.0.1:9/hook")
    monkeypatch.setenv("REGEN_WEBHOOK_FORMAT", "teams")
    monkeypatch.setenv("REGEN_API_KEYS", "mine:0123456789abcdef")
    options = stack_options(Session(out=Output(json=True)), emulators=False, home=tmp_path)
    where = plan.addresses({})
    given = plan.function_environment(options, where, memory=True, api_key="k" * 16, code_version="1")
    assert (given["REGEN_WEBHOOK_URL"], given["REGEN_WEBHOOK_FORMAT"]) == ("http://127.0.0.1:9/hook", "teams")
    assert given["REGEN_API_KEYS"] == f"local:{'k' * 16}", "the stack makes its own"
    assert given["REGEN_CLOCK_START"] == "", "other data has the machine's time"
    monkeypatch.setenv("REGEN_WEBHOOK_URL", "http://elsewhere.example/secret")
    with pytest.raises(Misused, match="REGEN_WEBHOOK_URL") as refused:
        stack_options(Session(out=Output(json=True)), emulators=False, home=tmp_path)
    assert "secret" not in str(refused.value)


def test_late_data_that_has_come_is_told_from_what_is_awaited() -> None:
    loaded: list[Part] = []

    class Tables:
        def replace(self, parts: Sequence[Part]) -> None:
            loaded.extend(parts)

    data = season()
    days = sorted({log.game_date for log in data.logs})
    import_data(data, Tables(), ImportOptions(dates=frozenset(days[-2:]), arrived=frozenset({days[-2]})))
    rows = {part.table: part.rows for part in loaded}
    states = {row["game_date"]: row["status"] for row in rows[PENDING]}
    assert states == {days[-2].isoformat(): "bdb_available", days[-1].isoformat(): "pending_bdb"}
    arrived = [row for row in rows[FEATURES] if row["game_date"] == days[-2].isoformat()]
    came = next(row["bdb_available_at"] for row in rows[PENDING] if row["status"] == "bdb_available")
    assert all(row["created_at"] >= came for row in arrived), "its features are made again"


def test_no_awaited_game_of_the_league_is_expired_on_its_clock() -> None:
    now = datetime.fromisoformat(league.CLOCK_START)
    first_awaited = date(2026, 1, 31) - MAX_AGE
    assert now - datetime.combine(first_awaited, datetime.min.time(), UTC) < MAX_AGE
    assert all(first_awaited <= day < date(2026, 1, 20) for day in league.ARRIVED), "the demo's data comes in the demo"
