"""The commands over a coordinator that says what it is told to: what is sent, what is shown, how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import Result

from support.commands import APP, run_command
from support.fake_coordinator import FakeCoordinator, serving, view

ACCEPTED = {
    "status": "accepted",
    "batch_id": "regen_2026-01-20_test_1",
    "game_date": "2026-01-20",
    "requested_players": 4,
    "requests": 1,
    "status_url": "http://x",
}
BATCH = "regen_2026-01-20_test_1"
WOULD = {"status": "dry_run", "would": "cancel", "batch_id": BATCH, "why": "a drill"}
Regen = Callable[..., Result]


@pytest.fixture
def fake() -> Iterator[FakeCoordinator]:
    with serving() as fake:
        yield fake


@pytest.fixture
def regen(fake: FakeCoordinator, tmp_path: Path) -> Regen:
    env = {
        "COORDINATOR_URL": fake.url,
        "API_KEY": "k",
        "REGEN_LOCAL_HOME": str(tmp_path),
        "REGEN_CONFIG": str(tmp_path / "c"),
    }
    env |= {"PROJECT_ID": "", "BIGQUERY_EMULATOR_HOST": "", "REGEN_PROFILE": ""}

    def run(*arguments: str) -> Result:
        return run_command(arguments, env)

    return run


def commands(app: typer.Typer, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for command in app.registered_commands:
        yield (*path, str(command.name))
    for group in app.registered_groups:
        assert group.typer_instance is not None
        yield from commands(group.typer_instance, (*path, str(group.name)))


@pytest.mark.parametrize("command", sorted(commands(APP)), ids=" ".join)
def test_every_command_helps_with_an_example(command: tuple[str, ...], regen: Regen) -> None:
    result = regen(*command, "--help")
    assert result.exit_code == 0
    assert f"Example: regen {' '.join(command)}" in " ".join(result.output.split())


def test_command_line_imports_nothing_heavy() -> None:
    code = "import sys; from regen.cli.main import make_app; make_app(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {
        "google.cloud.bigquery",
        "numpy",
        "flask",
        "requests",
        "sklearn",
        "rich.table",
        "regen.domain.checks",
        "regen.client.answers",
        "starlette",
        "uvicorn",
        "jinja2",
    } & set(loaded)


def test_start_sends_its_options_and_names_the_batch(fake: FakeCoordinator, regen: Regen) -> None:
    fake.say("POST /start", (202, ACCEPTED))
    result = regen("start", "2026-01-20", "--min-minutes", "20", "--force")
    assert result.exit_code == 0
    assert fake.bodies("POST /start") == [{"game_date": "2026-01-20", "min_minutes": 20.0, "force": True}]
    assert result.stdout.splitlines()[0] == f"accepted: {BATCH} (4 players in 1 request)"


def test_regenerate_carries_scope_and_metadata(fake: FakeCoordinator, regen: Regen) -> None:
    fake.say("POST /regenerate-with-supersede", (202, ACCEPTED))
    scope = ["--players", "a,b", "--players", "c", "--systems", "ensemble_v1", "--games", "0022500668"]
    result = regen("regenerate", "2026-01-20", "-r", "test", *scope, "--metadata", '{"ticket": 17}')
    assert result.exit_code == 0
    assert fake.bodies("POST /regenerate-with-supersede") == [
        {
            "game_date": "2026-01-20",
            "reason": "test",
            "players": ["a", "b", "c"],
            "systems": ["ensemble_v1"],
            "games": ["0022500668"],
            "metadata": {"ticket": 17},
        }
    ]


def test_dry_run_prints_what_would_happen(fake: FakeCoordinator, regen: Regen) -> None:
    answer = {"would": "coalesce", "game_date": "2026-01-20", "requested_players": 4, "requests": 1, "systems": ["s"]}
    answer |= {"players": ["a", "b", "c", "d"]}
    answer |= {"live_batch_id": "regen_x", "excluded": {"out": 2}, "features_built_at": None}
    fake.say("POST /regenerate-with-supersede", (200, answer))
    result = regen("regenerate", "2026-01-20", "--dry-run")
    assert fake.bodies("POST /regenerate-with-supersede") == [
        {"game_date": "2026-01-20", "reason": "feature_upgrade", "dry_run": True}
    ]
    assert "would coalesce 2026-01-20: 4 players" in result.stdout
    assert "live now: regen_x" in result.stdout
    assert "2 out" in result.stdout


@pytest.mark.parametrize(
    ("status", "code"), [("promoted", 0), ("rejected", 1), ("held", 1), ("cancelled", 1), ("failed", 1)]
)
def test_wait_returns_when_the_batch_ends(status: str, code: int, fake: FakeCoordinator, regen: Regen) -> None:
    fake.say("POST /start", (202, ACCEPTED))
    fake.say(f"GET /batches/{BATCH}", (200, view(status="running")), (200, view(status=status)))
    result = regen("start", "2026-01-20", "--wait")
    assert result.exit_code == code
    assert f"{BATCH}: {status}, round 1" in result.stdout
    assert "2026-01-20 running: 4/4 done, 1 failed" in result.stderr


def test_json_flag_works_before_and_after_the_command(fake: FakeCoordinator, regen: Regen) -> None:
    fake.say(f"GET /batches/{BATCH}", (200, view()))
    before, after = regen("--json", "status", BATCH), regen("status", BATCH, "--json")
    assert json.loads(before.stdout) == json.loads(after.stdout) == view()


def test_flags_work_before_and_after_the_command(fake: FakeCoordinator, regen: Regen) -> None:
    fake.say("GET /batches", (200, {"batches": []}))
    for arguments in (["--key", "other", "status"], ["status", "--key", "other"]):
        assert regen(*arguments).exit_code == 0
    assert [headers["X-Api-Key"] for _, _, headers in fake.asked] == ["other", "other"]


def test_status_lists_the_newest(fake: FakeCoordinator, regen: Regen) -> None:
    fake.say("GET /batches?game_date=2026-01-20&status=promoted", (200, {"batches": [view("b2"), view("b1")]}))
    result = regen("status", "--date", "2026-01-20", "--status", "promoted", "--limit", "1")
    assert "b2" in result.stdout
    assert "b1" not in result.stdout


def test_status_shows_what_is_missing_by_name(fake: FakeCoordinator, regen: Regen) -> None:
    fake.say(f"GET /batches/{BATCH}", (200, view(pending=["ann"], status="rejected", error="checks failed: coverage")))
    lines = regen("status", BATCH).stdout.splitlines()
    assert lines[1] == "Rejected: coverage is 75 %, under its limit of 90 %."
    assert "pending: ann" in lines
    assert any(line.split() == ["zed", "failed", "no_features", "none"] for line in lines)
    assert any(line.split()[:4] == ["coverage", "FAILED", "75", "90"] for line in lines)


def test_wait_for_a_date_waits_for_its_live_batches(fake: FakeCoordinator, regen: Regen) -> None:
    known = [view("live", "running"), view("old", "rejected")]
    fake.say("GET /batches?game_date=2026-01-20", (200, {"batches": known}))
    fake.say("GET /batches/live", (200, view("live")))
    assert regen("wait", "--date", "2026-01-20").exit_code == 0


WAITING = {"trigger_id": "t7", "reason": "r", "triggered_by": "api_key:ops", "at": "2026-01-20T20:00:00+00:00"}
CARRYING = "regen_2026-01-20_test_2"


@pytest.mark.parametrize(("status", "code"), [("promoted", 0), ("rejected", 1)])
def test_coalesced_order_waits_for_the_batch_that_carries_it(
    status: str, code: int, fake: FakeCoordinator, regen: Regen
) -> None:
    """It ended 0 on somebody else's batch."""
    fake.say("POST /regenerate-with-supersede", (202, {**ACCEPTED, "status": "coalesced", "trigger_id": "t7"}))
    fake.say(f"GET /batches/{BATCH}", (200, view(status="promoted")))
    found: Any = (200, {"batches": [view(CARRYING, "running")]})
    fake.say("GET /batches?trigger_id=t7", (200, {"batches": []}), found)
    fake.say(f"GET /batches/{CARRYING}", (200, view(CARRYING, status)))
    result = regen("regenerate", "2026-01-20", "--wait")
    assert result.exit_code == code
    assert f"{CARRYING}: {status}" in result.stdout
    assert not fake.bodies(f"GET /batches/{BATCH}")


@pytest.mark.parametrize(("status", "code"), [("promoted", 0), ("rejected", 1)])
def test_wait_for_a_date_includes_coalesced_triggers(
    status: str, code: int, fake: FakeCoordinator, regen: Regen
) -> None:
    waiting = [WAITING]
    fake.say(
        "GET /batches?game_date=2026-01-20",
        (200, {"batches": [view("one", "running")], "waiting": waiting}),
        (200, {"batches": [view("one")], "waiting": waiting}),
        (200, {"batches": [view("two", status), view("one")], "waiting": []}),
    )
    fake.say("GET /batches/one", (200, view("one")))
    fake.say("GET /batches/two", (200, view("two", status)))
    result = regen("wait", "--date", "2026-01-20")
    assert result.exit_code == code, result.output
    assert "two" in result.stdout


def test_wait_for_a_date_times_out(fake: FakeCoordinator, regen: Regen) -> None:
    fake.say("GET /batches?game_date=2026-01-20", (200, {"batches": [view("one")], "waiting": [WAITING]}))
    result = regen("wait", "--date", "2026-01-20", "--timeout", "0.1")
    assert result.exit_code == 5
    assert "t7" in result.stderr


def test_wait_takes_either_a_batch_or_a_date(regen: Regen) -> None:
    assert regen("wait").exit_code == 2
    assert regen("wait", "b", "--date", "2026-01-20").exit_code == 2


@pytest.mark.parametrize("order", ["cancel", "redrive", "rollback"])
def test_orders_need_confirmation(order: str, fake: FakeCoordinator, regen: Regen) -> None:
    fake.say(f"GET /batches/{BATCH}", (200, view()))
    fake.say(f"POST /batches/{BATCH}/{order}", (202, {**WOULD, "status": "accepted"}))
    refused = regen(order, BATCH)
    assert refused.exit_code == 2
    assert "--yes" in refused.stderr
    assert fake.bodies(f"POST /batches/{BATCH}/{order}") == []
    shown = regen(order, BATCH, "--dry-run")
    assert shown.exit_code == 0
    assert fake.bodies(f"POST /batches/{BATCH}/{order}") == [{"reason": "operator", "dry_run": True}]
    fake.asked.clear()
    done = regen(order, BATCH, "--yes", "--reason", "a reason")
    assert done.exit_code == 0
    assert fake.bodies(f"POST /batches/{BATCH}/{order}") == [{"reason": "a reason"}]


@pytest.mark.parametrize(
    ("order", "counts"),
    [
        ("cancel", "4 of 4 players are done, 0 pending"),
        ("redrive", "1 of 4 players lack a result: zed"),
        ("rollback", "21 predictions of it are superseded, 21 come back"),
    ],
)
def test_confirmation_names_the_counts(order: str, counts: str, fake: FakeCoordinator, regen: Regen) -> None:
    fake.say(f"GET /batches/{BATCH}", (200, view()))
    fake.say(f"POST /batches/{BATCH}/{order}", (200, WOULD))
    assert counts in regen(order, BATCH, "--dry-run").stdout


@pytest.mark.parametrize("order", ["cancel", "redrive", "rollback"])
def test_dry_run_has_the_exit_code_of_the_order(order: str, fake: FakeCoordinator, regen: Regen) -> None:
    fake.say(f"GET /batches/{BATCH}", (200, view()))
    fake.say(f"POST /batches/{BATCH}/{order}", (409, {"title": "Refused", "detail": "another is live"}))
    told, done = regen(order, BATCH, "--dry-run"), regen(order, BATCH, "--yes")
    assert (told.exit_code, told.stderr, told.stdout) == (done.exit_code, done.stderr, "")
    assert "another is live" in told.stderr


@pytest.mark.parametrize("given", ["", " ", ",", " , ", "a,,b", "a,", ",a"])
@pytest.mark.parametrize("option", ["--players", "--games", "--systems"])
def test_empty_player_name_does_not_select_all(option: str, given: str, fake: FakeCoordinator, regen: Regen) -> None:
    result = regen("regenerate", "2026-01-20", option, given)
    assert result.exit_code == 2
    assert option in result.stderr
    assert fake.asked == []


def test_start_and_grade_have_a_dry_run(fake: FakeCoordinator, regen: Regen) -> None:
    answer = {"would": "open", "game_date": "2026-01-20", "requested_players": 4, "requests": 1, "systems": ["s"]}
    answer |= {"players": ["a", "b", "c", "d"], "live_batch_id": None, "excluded": {}, "features_built_at": None}
    fake.say("POST /start", (200, answer))
    assert "would open 2026-01-20: 4 players" in regen("start", "2026-01-20", "--dry-run").stdout
    fake.say("POST /grades", (200, {"status": "dry_run", "dates": [{"game_date": "2026-01-20"}]}))
    assert "2026-01-20" in regen("grade", "2026-01-20", "--dry-run").stdout
    assert [body["dry_run"] for _, body, _ in fake.asked if body] == [True, True]


@pytest.mark.parametrize("options", [(), ("--dry-run",)], ids=" ".join)
def test_grading_dates_without_predictions_says_so(
    fake: FakeCoordinator, regen: Regen, options: tuple[str, ...]
) -> None:
    fake.say("POST /grades", (200, {"status": "graded", "dates": []}))
    result = regen("grade", "2026-01-20", "2026-01-21", *options)
    assert result.exit_code == 0
    assert "no played game from 2026-01-20 to 2026-01-21 has predictions" in result.stderr


@pytest.mark.parametrize("order", [("promote", BATCH, "--check", "coverage"), ("halt",)], ids=" ".join)
def test_only_what_changes_something_needs_a_reason(
    fake: FakeCoordinator, regen: Regen, order: tuple[str, ...]
) -> None:
    fake.say(f"GET /batches/{BATCH}", (200, view(status="rejected")))
    fake.say(f"GET /batches/{BATCH}/moves", (404, {"title": "No such route"}))
    for route in (f"POST /batches/{BATCH}/promote", "POST /halt"):
        fake.say(route, (200, {**WOULD, "waiting": 0}))
    assert regen(*order, "--dry-run").exit_code == 0
    asked = len(fake.asked)
    refused = regen(*order, "--yes")
    assert refused.exit_code == 2
    assert "--reason" in refused.stderr
    assert len(fake.asked) == asked


def test_a_problem_is_not_said_twice(fake: FakeCoordinator, regen: Regen) -> None:
    fake.say("POST /start", (404, {"title": "No slate", "detail": "no slate for 2026-02-10"}))
    assert "error: no slate for 2026-02-10\n" in regen("start", "2026-02-10").stderr


def test_promote_needs_every_failed_check_by_name(fake: FakeCoordinator, regen: Regen) -> None:
    fake.say(f"GET /batches/{BATCH}", (200, view(status="rejected")))
    fake.say(f"POST /batches/{BATCH}/promote", (202, {**WOULD, "status": "accepted"}))
    assert "also failed coverage" in regen("promote", BATCH, "--check", "mean_shift", "-r", "x").stderr
    result = regen("promote", BATCH, "--check", "coverage", "--reason", "late scratch", "--yes")
    assert result.exit_code == 0
    assert fake.bodies(f"POST /batches/{BATCH}/promote") == [{"checks": ["coverage"], "reason": "late scratch"}]
    assert "coverage 75 (limit 90)" in regen("promote", BATCH, "--check", "coverage", "-r", "x", "--dry-run").stdout


def test_rollback_waits_for_its_own_end(fake: FakeCoordinator, regen: Regen) -> None:
    rolled: Any = (200, view(status="rolled_back"))
    fake.say(f"GET /batches/{BATCH}", (200, view()), (200, view(status="promoting")), rolled)
    fake.say(f"POST /batches/{BATCH}/rollback", (202, {"status": "accepted", "batch_id": BATCH}))
    assert regen("rollback", BATCH, "--yes", "--wait").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["start", "2026-02-30"], "DATE: expected a date"),
        (["regenerate", "2026-01-20", "--metadata", "{"], "--metadata: expected a JSON object"),
        (["regenerate", "2026-01-20", "--metadata", "[1]"], "--metadata: expected a JSON object"),
        (["coverage", "2026-01-21", "2026-01-20"], "the range ends before it begins"),
        (["diff", "nosuch"], "DATE|BATCH: expected a date"),
        (["import", ".", "--to", "2026-01-20"], "--to needs --from"),
        (["local", "up", "--port", "coordinator=0"], "expected NAME=NUMBER"),
        (["demo", "--data", "."], "--data needs --from"),
        (["demo", "--data", ".", "--from", "2026-01-20"], "player_game_logs"),
        (["demo", "--from", "2027-01-20"], "no games from 2027-01-20"),
        (["status", "--profile", "nosuch"], "no profile nosuch"),
    ],
)
def test_usage_error_exits_2(arguments: list[str], said: str, regen: Regen) -> None:
    result = regen(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_refused_order_exits_3(fake: FakeCoordinator, regen: Regen) -> None:
    fake.say("POST /start", (409, {"title": "Refused", "detail": "x is live on 2026-01-20", "batch_id": "x"}))
    result = regen("start", "2026-01-20")
    assert result.exit_code == 3
    assert result.stderr.splitlines()[1:] == ["error: Refused: x is live on 2026-01-20", "next: regen status x"]


def test_version_flag_prints_the_version(regen: Regen) -> None:
    assert regen("--version").stdout.startswith("regen ")


def test_doctor_names_what_does_not_answer(fake: FakeCoordinator, regen: Regen) -> None:
    fake.say("GET /health", (200, {"status": "healthy", "service": "coordinator", "version": "1"}))
    fake.say("GET /ready", (401, {"title": "Unauthenticated", "detail": "a valid X-API-Key header is required"}))
    result = regen("doctor", "--json", "--project", "Not A Project")
    states = {finding["what"]: finding["state"] for finding in json.loads(result.stdout)}
    assert states["coordinator"] == "ok"
    assert states["API key and dependencies"] == "failed"
    assert result.exit_code == 1
