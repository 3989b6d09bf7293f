"""What late data is worth: the errors of the shipped ensemble with and without it, on the same player-games.

tools/news_worth.py [--data DIR] [--from DATE] [--to DATE]    DIR: a data folder; the sample league without one

Only players who were to be predicted and then played count. A difference below zero is error that the data takes away; its
interval of 95 % draws dates with replacement. The release's fit has seen real games until 2025-11-30: that does no harm, as the
same fit predicts both sides.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
from msgspec import Struct

from regen import league
from regen.data.csvs import DataFolder, read_folder
from regen.data.gamedays import GameDay, game_days
from regen.data.injuries import InjuryBoard
from regen.data.slates import SlatePlayer
from regen.domain.inputs import PlayerInputs
from regen.systems import estimate_all, systems
from regen.systems.artefact import load_artefact
from regen.systems.ensemble import Ensemble
from regen.training.evaluate import eligible
from regen.training.scores import bootstrap_interval

FIRST, LAST = date(2025, 12, 1), date(2026, 1, 31)
MOVED = 0.05
"""Points from which on a prediction counts as moved."""
NOBODY = InjuryBoard(())


class Worth(Struct, frozen=True):
    """The worth of one kind of late data.

    Attributes:
        change: mean absolute error with it less that without it, in points, between `low` and `high`.
        moved: share of the predictions that it moves; `move` is the mean size of all moves.
    """

    games: int
    before: float
    change: float
    low: float
    high: float
    moved: float
    move: float


class Twice(Struct, frozen=True):
    """One player-game, predicted without and with the data."""

    day: float
    points: float
    without: float
    given: float


def worth(found: list[Twice]) -> Worth:
    """The figures of some player-games."""
    points, without, given = (np.array([getattr(one, n) for one in found]) for n in ("points", "without", "given"))
    before, moves = np.abs(without - points), np.abs(given - without)
    change = np.abs(given - points) - before
    low, high = bootstrap_interval(np.array([one.day for one in found]), change)
    return Worth(
        len(found), float(before.mean()), float(change.mean()), low, high, float((moves >= MOVED).mean()),
        float(moves.mean()),
    )  # fmt: skip


def of_reports(data: DataFolder, first: date, last: date) -> Worth:
    """The worth of the availability reports."""
    return worth(list(_predicted(data, first, last, zones=False)))


def of_zones(data: DataFolder, first: date, last: date) -> Worth:
    """The worth of the shot zones of all earlier games."""
    return worth(list(_predicted(data, first, last, zones=True)))


def _predicted(data: DataFolder, first: date, last: date, *, zones: bool) -> Iterator[Twice]:
    run, system = systems([Ensemble.system_id, *Ensemble.members], load_artefact()), Ensemble.system_id

    def points(inputs: PlayerInputs) -> float | None:
        estimates, _ = estimate_all(run, inputs)
        return estimates[system].points if system in estimates else None

    for day in game_days(data, last):
        if day.game_date < first:
            continue
        scores = {log.player_lookup: log.points for log in day.logs if log.minutes > 0}
        for player in day.slate.requested():
            if player.player_lookup not in scores:
                continue
            old, new = _inputs(day, player, zones=zones)
            if eligible(new) and (before := points(old)) is not None and (after := points(new)) is not None:
                yield Twice(float(day.game_date.toordinal()), scores[player.player_lookup], before, after)


def _inputs(day: GameDay, player: SlatePlayer, *, zones: bool) -> tuple[PlayerInputs, PlayerInputs]:
    given = day.inputs(player, with_zones=zones)
    if zones:
        return day.inputs(player, with_zones=False), given
    silent = GameDay(day.game_date, day.slate, day.logs, day.zones, day.history, NOBODY)
    return silent.inputs(player, with_zones=False), given


def main() -> None:
    """Print the figures of both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--from", dest="first", type=date.fromisoformat, default=FIRST)
    parser.add_argument("--to", dest="last", type=date.fromisoformat, default=LAST)
    parser.add_argument("--unheard", type=float, default=league.UNHEARD, help="of the sample league")
    given = parser.parse_args()
    data = read_folder(given.data) if given.data else league.as_data(league.generate(unheard=given.unheard))
    for name, of in (("reports", of_reports), ("shot zones", of_zones)):
        one = of(data, given.first, given.last)
        sys.stdout.write(
            f"{name}: {one.change:+.4f} ({one.low:+.4f} to {one.high:+.4f}) points of {one.before:.3f} on {one.games} "
            f"player-games; {one.moved:.0%} of the predictions move, by {one.move:.2f} points on average\n"
        )


if __name__ == "__main__":
    main()
