"""What stands between an operator and a change: the target, the question, the protected profile, a share that has one meaning."""

from __future__ import annotations

import pytest
import typer

from regen.cli.arguments import share
from support.seat import Seat, SeatReader

DAY = "2026-01-20"
GRADED = "2026-01-21"


def protect(seat: Seat, more: str = "") -> dict[str, str]:
    """The environment of an operator whose profile is protected."""
    profile = f'[production]\nproject = "prod-project"\nurl = "{seat.url}"\nprotected = true\n{more}'
    (seat.home / "config.toml").write_text(profile)
    return {"REGEN_PROFILE": "production", "COORDINATOR_URL": ""}


def orders(seat: Seat) -> list[str]:
    return [call for call in seat.calls if call.startswith("POST")]


@pytest.mark.parametrize(
    "typed",
    [
        ("start", DAY),
        ("regenerate", DAY),
        ("backfill", DAY, DAY, "--detach", "--yes"),
        ("grade", DAY),
        ("bdb", "scan"),
        ("news", "scan"),
    ],
    ids=" ".join,
)
def test_every_change_names_its_target_first(typed: tuple[str, ...], seat: Seat) -> None:
    seat.bench.clock.advance(86400 * 2)
    said = seat(*typed, env={"PROJECT_ID": "my-staging"}).stderr.splitlines()
    assert f"target: my-staging at {seat.url}" in said
    assert len([line for line in said if line.startswith("target:")]) == 1


def test_orders_name_target_and_counts_in_the_question(seat: Seat) -> None:
    batch = seat.promoted().batch_id
    said = seat("rollback", batch, env={"PROJECT_ID": "my-staging"})
    assert said.exit_code == 2
    assert f"my-staging at {seat.url}: roll back {batch} (promoted): 20 predictions of it are superseded" in said.stderr


def test_local_stack_is_told_by_its_address(seat: Seat) -> None:
    """A tunnel to production is on loopback, too; only the emulator beside it tells the local stack."""
    stack = {"BIGQUERY_EMULATOR_HOST": "http://127.0.0.1:9"}
    assert seat("start", DAY, env=stack).stderr.startswith("target: LOCAL STACK\n")
    assert "LOCAL STACK" not in seat("regenerate", DAY).stderr


def test_a_reading_command_names_no_target(seat: Seat) -> None:
    assert "target:" not in seat("status").stderr


@pytest.mark.parametrize(
    "typed", [("start", DAY), ("regenerate", DAY), ("backfill", DAY, DAY, "--yes"), ("grade", DAY)], ids=" ".join
)
def test_protected_profile_runs_nothing_untyped(typed: tuple[str, ...], seat: Seat) -> None:
    env = protect(seat)
    refused = seat(*typed, env=env)
    assert refused.exit_code == 2
    assert f"add --confirm {DAY}" in refused.stderr
    assert "target: prod-project at" in refused.stderr
    assert "(profile production)" in refused.stderr
    wrong = seat(*typed, "--confirm", GRADED, env=env)
    assert wrong.exit_code == 2
    assert [call for call in orders(seat) if call != "POST /backfills"] == []
    assert not seat.bench.store.find("backfills")


def test_protected_profile_takes_the_date_typed_before(seat: Seat) -> None:
    assert seat("start", DAY, "--confirm", DAY, env=protect(seat)).exit_code == 0
    assert orders(seat) == ["POST /start"]


def test_yes_alone_does_not_pass_a_protected_profile(seat: Seat) -> None:
    batch = seat.promoted().batch_id
    assert seat("rollback", batch, "--yes", env=protect(seat)).exit_code == 2
    assert orders(seat) == []


def test_backfill_without_a_terminal_runs_nothing_unasked(seat: Seat) -> None:
    refused = seat("backfill", DAY, DAY)
    assert refused.exit_code == 2
    assert "add --yes" in refused.stderr
    assert not seat.bench.store.find("backfills")


@pytest.mark.parametrize(
    ("text", "value"),
    [("90%", 0.9), ("0.9", 0.9), (".5", 0.5), ("100%", 1.0), ("0%", 0.0), ("0", 0.0), ("99.5%", 0.995), ("1%", 0.01)],
)
def test_a_share_is_read_as_it_is_meant(text: str, value: float) -> None:
    assert share(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["90", "1", "1.0", "101%", "-5%", "nine", "", "%", "1e-1", "0.9.1", "9 0%"])
def test_a_share_that_could_be_two_things_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"written as 90% or 0\.9|at most 100%"):
        share(text)


def test_fail_under_with_a_bare_number_is_refused(seat: Seat) -> None:
    for bare in ("90", "1"):
        refused = seat("coverage", DAY, "--fail-under", bare)
        assert refused.exit_code == 2
        assert "90% or 0.9" in refused.stderr


def test_fail_under_as_a_fraction_is_no_percent(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--fail-under 0.9` meant 0.9 percent, and passed almost anything."""
    row = {"game_date": DAY, "coverage_pct": 80.0, "missing_players": ["zed"], "players_with_predictions": 8}
    monkeypatch.setattr(SeatReader, "_coverage", lambda *_, **__: [row], raising=False)
    for given, code in (("0.9", 1), ("90%", 1), ("0.8", 0), ("80%", 0)):
        ended = seat("coverage", DAY, "--fail-under", given)
        assert ended.exit_code == code, (given, ended.output)
    assert (
        seat("coverage", DAY, "--fail-under", "90%").stderr.splitlines()[-1] == f"next: regen regenerate {DAY} --wait"
    )
