"""A separate stack for the fault tests, with a few players of the sample league."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Literal, TypeVar

import pytest

from acceptance.faults.rig import Rig
from regen.local.emulators import Emulators, find_emulators

FIRST = date(2025, 12, 1)
"""The stack is loaded without games before this date."""
OF_EACH_TEAM = 3
"""Players of each team: enough for the checks, which need both teams of each game on the slate."""
T = TypeVar("T")


def _scope(fixture_name: str, config: pytest.Config) -> Literal["module", "session"]:
    """Use one stack for all short tests, and a new one a module in the long run: the emulator slows as it keeps results."""
    return "module" if config.getoption("markexpr") == "long" else "session"


@pytest.fixture(scope=_scope)
def whole_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """The running stack with its fronts. It needs Google's emulators."""
    if not isinstance(found := find_emulators(), Emulators):
        pytest.skip(f"SKIPPED, Google's emulators are not here: {found}")
    with Rig(tmp_path_factory.mktemp("faults")).running() as one:
        _load(one)
        yield one
        one.stack.check()


@pytest.fixture
def rig(whole_rig: Rig) -> Iterator[Rig]:
    """The running stack; the fixture drops what a test still holds at its end."""
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
    few = {player for team in of_team.values() for player in sorted(team, key=_arbitrary_order)[:OF_EACH_TEAM]}
    folder = DataFolder(
        _recent_rows_of(few, whole.logs),
        _recent_rows_of(few, whole.lines),
        _recent_rows_of(few, whole.zones),
        _recent_rows_of(few, whole.injuries),
        whole.report,
    )
    import_data(folder, TableLoader(rig.reader.client, rig.reader.project))


def _arbitrary_order(player: str) -> int:
    return zlib.crc32(player.encode())


def _recent_rows_of(players: Collection[str], rows: Iterable[T]) -> tuple[T, ...]:
    """The rows of these players since `FIRST`."""
    return tuple(row for row in rows if row.game_date >= FIRST and row.player_lookup in players)  # type: ignore[attr-defined]
