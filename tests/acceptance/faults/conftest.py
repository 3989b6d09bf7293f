"""A stack of its own for the faults, with a few players of the sample league."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Literal, TypeVar

import pytest

from acceptance.faults.rig import Rig
from regen.local.emulators import Emulators, find_emulators

FIRST = date(2025, 12, 1)
"""Games before this date are left out."""
OF_EACH_TEAM = 3
"""Players: enough for both teams of each game to be on the slate, as the checks want it."""
T = TypeVar("T")


def _scope(fixture_name: str, config: pytest.Config) -> Literal["module", "session"]:
    """One stack for the short forms; a fresh one a module for the long ones: the emulator keeps every result, and slows."""
    return "module" if config.getoption("markexpr") == "long" else "session"


@pytest.fixture(scope=_scope)
def whole_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """The stack with its fronts; nothing stands in for the emulators here."""
    if not isinstance(found := find_emulators(), Emulators):
        pytest.skip(f"SKIPPED, Google's emulators are not here: {found}")
    with Rig(tmp_path_factory.mktemp("faults")).running() as one:
        _load(one)
        yield one
        one.stack.check()


@pytest.fixture
def rig(whole_rig: Rig) -> Iterator[Rig]:
    """The same, with nothing held by the test before."""
    yield whole_rig
    whole_rig.release()


def _load(rig: Rig) -> None:
    from regen import league  # noqa: PLC0415
    from regen.adapters.bigquery.loading import TableLoader  # noqa: PLC0415
    from regen.data.csvs import DataFolder  # noqa: PLC0415
    from regen.data.importer import import_data  # noqa: PLC0415

    whole = league.as_data(league.generate())
    of_team: dict[str, set[str]] = {}
    for log in whole.logs:
        of_team.setdefault(log.team, set()).add(log.player_lookup)
    few = {player for team in of_team.values() for player in sorted(team, key=_shuffled)[:OF_EACH_TEAM]}
    folder = DataFolder(
        _of(few, whole.logs), _of(few, whole.lines), _of(few, whole.zones), _of(few, whole.injuries), whole.report
    )
    import_data(folder, TableLoader(rig.reader.client, rig.reader.project))


def _shuffled(player: str) -> int:
    return zlib.crc32(player.encode())


def _of(players: Collection[str], rows: Iterable[T]) -> tuple[T, ...]:
    """The rows of these players, of the last weeks."""
    return tuple(row for row in rows if row.game_date >= FIRST and row.player_lookup in players)  # type: ignore[attr-defined]
