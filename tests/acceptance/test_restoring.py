"""Restores on the local stack, as docs/operations.md has them: Firestore lost, and the tables of yesterday.

Copying and clearing stand in for what only `bq` and `gcloud` can do: the snapshots, and the pause of the schedules.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acceptance.conftest import Local, Up
from regen.cli.settings import read_env
from regen.schemas import Table, tables
from support.polling import wait_until

EARLY, LATE = "2026-01-12", "2026-01-13"
PATIENCE, UNREACHABLE = 600.0, 5
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


def regen(local: Local, *arguments: str, code: int = 0) -> Any:
    """Run a command on a stack that may be slow; a read that was not answered in time is read again."""
    is_read = arguments[0] in {"verify", "show"}
    ended: list[Any] = []

    def done() -> bool:
        ended.append(local.regen(*arguments, "--json", code=None, timeout=PATIENCE))
        return not is_read or ended[-1].code != UNREACHABLE

    wait_until(done, PATIENCE, f"an answer to {arguments}")
    assert ended[-1].code == code, f"{arguments}: {ended[-1]}"
    return ended[-1].data if ended[-1].out else None


def _query(local: Local, text: str) -> None:
    local.reader.client.query(text).result()


def _names(local: Local, table: Table) -> tuple[str, str]:
    whole = f"`{local.env['PROJECT_ID']}.{table.dataset}.{table.name}`"
    return whole, whole.replace(f".{table.name}`", f".saved_{table.name}`")


def _all(table: Table) -> str:
    """A filter that every row meets, where the table asks for one on its partition."""
    return f"{table.partition.field} >= '1946-01-01'" if table.partition and table.require_partition_filter else "TRUE"


def save(local: Local) -> None:
    """Copy every table that has a snapshot."""
    for table in BACKED:
        whole, saved = _names(local, table)
        _query(local, f"CREATE OR REPLACE TABLE {saved} AS SELECT * FROM {whole} WHERE {_all(table)}")


def restore(local: Local) -> None:
    """Put the copies in place of what is there."""
    for table in BACKED:
        whole, saved = _names(local, table)
        columns = ", ".join(f"`{name}`" for name in table.columns)
        _query(local, f"DELETE FROM {whole} WHERE {_all(table)}")
        _query(local, f"INSERT INTO {whole} ({columns}) SELECT {columns} FROM {saved}")


def values(local: Local, day: str) -> list[tuple[str, float]]:
    return sorted(local.current(day).values())


@pytest.mark.long
def test_tables_of_yesterday_beside_a_kept_firestore(own: Local, league: Path) -> None:
    for day in (EARLY, LATE):
        regen(own, "start", day, "--wait")
    before = {day: values(own, day) for day in (EARLY, LATE)}
    regen(own, "verify", EARLY, LATE)
    save(own)
    regen(own, "import", str(league), "--from", LATE, "--to", LATE, "--zones-arrive")
    whole = regen(own, "regenerate", LATE, "--reason", "bdb_upgrade", "--wait")["batch_id"]
    player = regen(own, "show", LATE)[0]["player_lookup"]
    part = regen(own, "regenerate", LATE, "--players", player, "--wait")["batch_id"]
    after = values(own, LATE)
    assert after != before[LATE]

    regen(own, "halt", "--reason", "restoring the tables", "--yes")
    restore(own)
    assert {day: values(own, day) for day in (EARLY, LATE)} == before
    told = regen(own, "verify", EARLY, LATE, code=1)
    assert [row["name"] for row in told["invariants"] if not row["holds"]] == []
    assert [line.split()[1].strip(":") for line in told["records"]["examples"]] == [whole, part]
    for batch in (whole, part):
        regen(own, "promote", batch, "--reason", "restored", "--yes", "--wait")
    regen(own, "resume", "--yes")
    assert values(own, LATE) == after
    regen(own, "verify", EARLY, LATE)
    regen(own, "regenerate", EARLY, "--wait")
    regen(own, "rollback", part, "--yes", "--wait")
    regen(own, "verify", EARLY, LATE)


@pytest.mark.long
def test_lost_firestore_beside_kept_tables(own: Local) -> None:
    if "FIRESTORE_EMULATOR_HOST" not in own.env:
        pytest.skip("without Google's emulators Firestore is in the stack's own process, and goes with it")
    day = "2026-01-15"
    regen(own, "start", day, "--wait")
    regen(own, "regenerate", day, "--wait")
    before = values(own, day)
    opened = regen(own, "regenerate", "2026-01-16")["batch_id"]
    address = f"http://{own.env['FIRESTORE_EMULATOR_HOST']}/emulator/v1/projects/{own.env['PROJECT_ID']}"
    gone = urllib.request.Request(f"{address}/databases/(default)/documents", method="DELETE")  # noqa: S310 - loopback
    urllib.request.urlopen(gone, timeout=30).read()  # noqa: S310

    regen(own, "status", opened, code=4)
    assert values(own, day) == before, "nothing that is current is lost"
    again = regen(own, "regenerate", day, "--wait")
    assert (again["status"], again["counts"]["superseded"]) == ("promoted", len(before))
    regen(own, "regenerate", "2026-01-16", "--wait")
    regen(own, "verify", day, "2026-01-16")
