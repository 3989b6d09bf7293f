"""Restores on the local stack, as docs/operations.md has them: Firestore lost, and the tables of yesterday.

Copying and clearing stand in for what only `bq` and `gcloud` can do: the snapshots, and the pause of the schedules.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.conftest import Local, Up
from regen.cli.settings import read_env
from regen.schemas import Table, tables
from support.polling import wait_until

EARLY, LATE = "2026-01-12", "2026-01-13"
BACKED = [t for t in tables() if t.made_again is None]


@pytest.fixture(scope="module")
def own(league: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """A stack of this module's own: what is lost here would be missed elsewhere."""
    home = tmp_path_factory.mktemp("restoring") / "local"
    up = Up.start(home, "--data", str(league))
    try:
        yield Local(home, read_env(home / "env"))
    finally:
        up.stop()


def _query(local: Local, text: str) -> None:
    local.reader.client.query(text).result()


def _names(local: Local, table: Table) -> tuple[str, str]:
    whole = f"`{local.env['PROJECT_ID']}.{table.dataset}.{table.name}`"
    return whole, whole.replace(f".{table.name}`", f".saved_{table.name}`")


def save(local: Local) -> None:
    """Copy every table that has a snapshot."""
    for table in BACKED:
        whole, saved = _names(local, table)
        _query(local, f"CREATE OR REPLACE TABLE {saved} AS SELECT * FROM {whole}")


def restore(local: Local) -> None:
    """Put the copies in place of what is there."""
    for table in BACKED:
        whole, saved = _names(local, table)
        columns = ", ".join(f"`{name}`" for name in table.columns)
        _query(local, f"DELETE FROM {whole} WHERE TRUE")
        _query(local, f"INSERT INTO {whole} ({columns}) SELECT {columns} FROM {saved}")


def values(local: Local, day: str) -> list[tuple[str, float]]:
    return sorted(local.current(day).values())


@pytest.mark.long
def test_tables_of_yesterday_beside_a_kept_firestore(own: Local, league: Path) -> None:
    for day in (EARLY, LATE):
        own.regen("start", day, "--wait")
    before = {day: values(own, day) for day in (EARLY, LATE)}
    own.regen("verify", EARLY, LATE)
    save(own)
    own.regen("import", str(league), "--from", LATE, "--to", LATE, "--zones-arrive")
    whole = own.regen("regenerate", LATE, "--reason", "bdb_upgrade", "--wait", "--json").data["batch_id"]
    player = own.regen("show", LATE, "--json").data[0]["player_lookup"]
    part = own.regen("regenerate", LATE, "--players", player, "--wait", "--json").data["batch_id"]
    after = values(own, LATE)
    assert after != before[LATE]

    own.regen("halt", "--reason", "restoring the tables", "--yes")
    restore(own)
    assert {day: values(own, day) for day in (EARLY, LATE)} == before
    told = own.regen("verify", EARLY, LATE, "--json", code=1).data
    assert [row["name"] for row in told["invariants"] if not row["holds"]] == []
    assert [line.split()[1].strip(":") for line in told["records"]["examples"]] == [whole, part]
    for batch in (whole, part):
        own.regen("promote", batch, "--reason", "restored", "--yes", "--wait")
    own.regen("resume", "--yes")
    assert values(own, LATE) == after
    own.regen("verify", EARLY, LATE)
    own.regen("regenerate", EARLY, "--wait")
    own.regen("rollback", part, "--yes", "--wait")
    own.regen("verify", EARLY, LATE)


@pytest.mark.long
def test_lost_firestore_beside_kept_tables(own: Local) -> None:
    if "FIRESTORE_EMULATOR_HOST" not in own.env:
        pytest.skip("without Google's emulators Firestore is in the stack's own process, and goes with it")
    day = "2026-01-15"
    own.regen("start", day, "--wait")
    own.regen("regenerate", day, "--wait")
    before = values(own, day)
    opened = own.regen("regenerate", "2026-01-16", "--json").data["batch_id"]
    address = f"http://{own.env['FIRESTORE_EMULATOR_HOST']}/emulator/v1/projects/{own.env['PROJECT_ID']}"
    gone = urllib.request.Request(f"{address}/databases/(default)/documents", method="DELETE")  # noqa: S310 - loopback
    urllib.request.urlopen(gone, timeout=30).read()  # noqa: S310

    assert own.regen("status", opened, code=None).code in {0, 4}
    assert values(own, day) == before, "nothing that is current is lost"
    again = own.regen("regenerate", day, "--wait", "--json").data
    assert (again["status"], again["counts"]["superseded"]) == ("promoted", len(before))
    own.regen("regenerate", "2026-01-16", "--wait")
    own.regen("verify", day, "2026-01-16")
    wait_until(lambda: own.regen("doctor", code=None).code == 0, 60, "signs of life")
