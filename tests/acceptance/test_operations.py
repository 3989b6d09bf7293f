"""A day of an operator: late data, regeneration, comparison, rollback and audit."""

from __future__ import annotations

from pathlib import Path

from acceptance.conftest import Local

DAY = "2026-01-14"
NOT_LOCAL = {"functions", "dead letters", "change events", "schedules", "your rights"}


def test_an_operators_day(local: Local, league: Path) -> None:
    asked = local.regen("doctor", "--deployed", "--json").data
    not_ok = {row["what"]: row["state"] for row in asked if row["state"] != "ok"}
    # The release's models were fitted months before the sample league plays.
    assert not_ok.pop("models", "warning") == "warning"
    assert not_ok.keys() <= NOT_LOCAL
    assert {row["what"] for row in asked} >= {"sweep", "outbox", "deadlines", "tables", *NOT_LOCAL}
    assert local.regen("doctor").code == 0
    slate = local.regen("slate", DAY, "--json").data
    opened = local.regen("start", DAY, "--json").data
    local.regen("wait", "--date", DAY, "--timeout", "60")
    first = local.regen("wait", opened["batch_id"], "--json").data
    assert (first["status"], first["counts"]["requested"]) == ("promoted", len(slate))
    produced = first["counts"]["produced"]
    listed = local.regen("status", "--date", DAY, "--json").data
    assert [(b["batch_id"], b["status"]) for b in listed] == [(opened["batch_id"], "promoted")]
    assert "promoted" in local.regen("start", DAY, code=3).err, "a second first run is refused"

    local.regen("import", str(league), "--from", DAY, "--zones-arrive")
    dry = local.regen("regenerate", DAY, "--dry-run", "--json").data
    assert (dry["would"], dry["requested_players"]) == ("open", len(slate))
    before = local.current(DAY)
    second = local.regen("regenerate", DAY, "--reason", "bdb_upgrade", "--wait", "--json").data
    batch = second["batch_id"]
    assert second["counts"]["superseded"] == second["counts"]["inserted"] == len(before)

    moved = local.regen("diff", DAY, "--json").data
    assert moved["replaced"] == len(before)
    assert moved["changed"] > 0
    shown = local.regen("show", DAY, "--json").data
    assert len({row["player_lookup"] for row in shown}) == produced
    assert {row["batch_id"] for row in shown} == {batch}
    player = shown[0]["player_lookup"]
    own = local.regen("show", DAY, "--player", player, "--json").data
    assert len(own) >= 7
    explained = local.regen("explain-row", own[0]["prediction_id"], "--json").data
    assert (explained["verdict"], explained["why"], explained["code_version"]["same"]) == ("same", [], True)

    assert "superseded" in local.regen("rollback", batch, code=2).err, "without a terminal the command needs --yes"
    assert local.regen("status", batch, "--json").data["status"] == "promoted"
    local.regen("rollback", batch, "--yes", "--wait")
    assert sorted(local.current(DAY).values()) == sorted(before.values())
    restored = local.regen("show", DAY, "--player", player, "--json").data[0]["prediction_id"]
    assert local.regen("explain-row", restored, "--json").data["batch_id"] == opened["batch_id"]
    assert "error: Refused" in local.regen("redrive", batch, "--yes", code=3).err
    assert "error: Refused" in local.regen("cancel", batch, "--yes", code=3).err

    local.audited(DAY, "requested", "promoted", "requested", "promoted", "rollback_requested", "rolled_back")
    (coverage,) = local.regen("coverage", DAY, "--fail-under", "90%", "--json").data
    assert coverage["players_with_predictions"] == produced

    one = local.regen("regenerate", DAY, "--reason", "one", "--players", player, "--wait", "--json").data
    assert one["counts"]["superseded"] == one["counts"]["inserted"] == len(own)
    assert {row["batch_id"] for row in local.regen("show", DAY, "--player", player, "--json").data} == {one["batch_id"]}
