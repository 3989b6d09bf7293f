"""What an import found and did."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from msgspec import Struct, field

from regen.data.aliases import FILE as ALIASES
from regen.data.csvs import FolderReport


class ImportReport(Struct, frozen=True):
    """What was imported, for people to read.

    Attributes:
        folder: what was found in the files.
        rows: loaded rows by table.
        requested: players that a batch would request, by date with a slate.
        tiers: feature rows by source tier.
        without_zones: players whose rows stayed SILVER although zones were used: none of their games has any.
        failing: feature rows broken on purpose.
        vanished: feature rows left out on purpose.
        unplaced: by date, players with a line of whom nothing says in which game they play.
        late_lines: lines left out because they were seen after tip-off.
        older_lines: lines that gave way to a later snapshot of the same bookmaker.
        late_reports: availability reports left out: made after tip-off, or before a later one.
        likeliest: of names without a player, the player whose name is most like it.
        idle_dates: dates with lines but no games, so without a slate.
    """

    folder: FolderReport
    rows: dict[str, int]
    requested: dict[date, int]
    tiers: dict[str, int]
    without_zones: tuple[str, ...] = ()
    failing: int = 0
    vanished: int = 0
    unplaced: dict[date, tuple[str, ...]] = field(default_factory=dict)
    likeliest: dict[str, str] = field(default_factory=dict)
    late_lines: int = 0
    older_lines: int = 0
    late_reports: int = 0
    idle_dates: tuple[date, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know, one sentence each."""
        return (*self.folder.sentences, *self.own_warnings)

    @property
    def brief(self) -> tuple[str, ...]:
        """The same sentences with a few names each, for a stack that only starts."""
        return (*self.folder.sentences, *self._found(few=True))

    @property
    def own_warnings(self) -> tuple[str, ...]:
        """What the import found, beside what stands in the files' report."""
        return self._found(few=False)

    def _found(self, *, few: bool) -> tuple[str, ...]:
        said = []
        if self.late_lines:
            said.append(f"{self.late_lines} lines were seen after tip-off and left out")
        if self.older_lines:
            said.append(f"{self.older_lines} lines gave way to a later one of the same bookmaker, seen before tip-off")
        if self.late_reports:
            said.append(f"{self.late_reports} reports were made after tip-off, or gave way to a later one")
        if self.idle_dates:
            span = f"{self.idle_dates[0]}..{self.idle_dates[-1]}"
            said.append(f"{len(self.idle_dates)} dates have lines but no games, so no slate: {span}")
        if self.unplaced:
            names = {name for players in self.unplaced.values() for name in players}
            listed = _some(names) if few else ", ".join(map(self._named, sorted(names)))
            said.append(
                f"{len(names)} players with lines could not be placed in a game, "
                f"on {len(self.unplaced)} dates from {min(self.unplaced)}: {listed}"
            )
            said += [f"put {ALIASES} beside the data to say who they are"] if self.likeliest else []
        if self.without_zones:
            said.append(f"{len(self.without_zones)} players have no shot zones at all: {_some(self.without_zones)}")
        return tuple(said)

    def _named(self, name: str) -> str:
        return f"{name} (likeliest {self.likeliest[name]})" if name in self.likeliest else name


def _some(names: Collection[str]) -> str:
    return ", ".join(sorted(names)[:5]) + (", ..." if len(names) > 5 else "")
