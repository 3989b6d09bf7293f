"""What must be true after the steps of taking over."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from statistics import fmean, stdev
from typing import Any

from acceptance.takeover import Takeover
from acceptance.takeover_zones import ENSEMBLE, Current
from regen.domain.predict import Gate, Naming, predict_player
from regen.systems import by_version
from support.predecessors_commands import commands
from support.predecessors_inputs import Day
from support.predecessors_rows import GONE

MANY = 500
"""Predictions of which the mean error is no chance."""


def all_superseded_once(takeover: Takeover, day: Day, before: Current) -> None:
    """Every row that was current of a player is superseded, multi-line rows too; those of systems that are gone stay.

    A player without new predictions (upstream's features may be no numbers) keeps his, all of them; he is one of few. A player
    who does not play loses all of his, whatever the system.
    """
    now = takeover.predictions(day)
    rows = {row["prediction_id"]: row for row in takeover.platform.found("player_prop_predictions", day.game_date)}
    batches, kept, replaced = set(), set(), 0
    for (player, system), old in before.items():
        new = [row for row in now.get((player, system), ()) if row["batch_id"] is not None]
        if (player, system) not in now:
            gone = {rows[row["prediction_id"]]["superseded_reason"] for row in old}
            assert gone <= {"out", "postponed", "not_on_slate"}, (player, system, gone)
        elif system in GONE:
            assert now[player, system] == old
        elif new:
            assert all(rows[row["prediction_id"]]["superseded"] for row in old), (player, system)
            linked = {rows[row["prediction_id"]]["superseded_by_prediction_id"] for row in old}
            assert linked <= {row["prediction_id"] for row in new}
            batches |= {row["batch_id"] for row in new}
            replaced += 1
        else:
            assert now[player, system] == old
            kept.add(player)
    assert replaced > 40
    assert len(kept) <= 0.1 * len({player for player, _ in before}), kept
    (batch,) = batches
    assert batch.startswith(f"regen_{day.game_date}_")


def nothing_postponed_is_current(takeover: Takeover) -> None:
    """Of a game that is postponed nothing is current: what the predecessor has predicted of it is withdrawn, whatever the system."""
    withdrawn = 0
    for day in takeover.days[1:]:
        rows = takeover.platform.found("player_prop_predictions", day.game_date)
        of_game = [row for row in rows if row["game_id"] in day.postponed]
        assert [row for row in of_game if not row["superseded"]] == []
        withdrawn += sum(row["superseded_reason"] == "postponed" for row in of_game)
        assert day in takeover.old or not of_game, "who plays is known before the start"
    assert withdrawn > 10 or not any(day.postponed for day in takeover.old[1:])


def grades_are_left_alone(takeover: Takeover, theirs: Sequence[Mapping[str, Any]], days: Sequence[Day] = ()) -> None:
    """The predecessor's grades, which name no prediction, are as they were; what regen has predicted is graded beside them.

    Args:
        days: those whose grades `theirs` are; all if empty.
    """
    first, last = ((days or takeover.days)[n].game_date for n in (0, -1))
    found = takeover.platform.found("prediction_accuracy", first, last)
    known = theirs[0].keys()
    left = [{name: row[name] for name in known} for row in found if row["prediction_id"] is None]
    assert sorted(left, key=str) == sorted(theirs, key=str)
    answer = takeover.json("grade", first.isoformat(), last.isoformat())
    assert all(day["graded"] == day["gradable"] for day in answer["dates"])
    again = takeover.platform.found("prediction_accuracy", first, last)
    ids = [row["prediction_id"] for row in again if row["prediction_id"] is not None]
    assert len(ids) == len(set(ids))


def errors_agree(takeover: Takeover, within: float) -> None:
    """The ensemble's error on upstream's tables is that of the run on regen's own features of the same games.

    Of few predictions, the paired difference may go beyond the limit by chance: by two standard errors.
    """
    served, own = [], []
    for day in takeover.new:
        points = _own_points(day)
        for row in takeover.platform.found("prediction_accuracy", day.game_date):
            player = row["player_lookup"]
            current = row["system_id"] == ENSEMBLE and not row["is_superseded_prediction"] and not row["is_voided"]
            if current and player in points:
                served.append(abs(float(row["predicted_points"]) - row["actual_points"]))
                own.append(abs(points[player] - row["actual_points"]))
    assert len(served) > 40
    differences = [a - b for a, b in zip(served, own, strict=True)]
    chance = 0.0 if len(served) >= MANY else 2 * stdev(differences) / math.sqrt(len(differences))
    assert abs(fmean(differences)) <= within * fmean(own) + chance, (fmean(served), fmean(own), chance)


def _own_points(day: Day) -> dict[str, float]:
    run_for, found = by_version((ENSEMBLE,)), {}
    for player, (_, gold) in day.own.items():
        chosen = run_for((ENSEMBLE,), gold.feature_version)
        outcome = predict_player(gold, chosen, (ENSEMBLE,), Gate(None, 0), Naming("own", 1))
        if outcome.predictions:
            found[player] = outcome.predictions[0].points
    return found


def readers_find_what_they_know(takeover: Takeover) -> None:
    """The predecessor's two queries, as they stand: each of the five dates has new rows with NULL, and coverage is above 90."""
    five = {day.game_date for day in takeover.old[1:]}
    counts = takeover.platform.run(takeover.dated(commands()["final prediction counts"]))
    assert {row["game_date"] for row in counts if row["superseded"] is None and row["predictions"] > 0} == five
    assert {row["game_date"] for row in counts if row["superseded"]} == five
    covered = takeover.platform.run(takeover.dated(commands()["coverage"]))
    seen = {row["game_date"]: row["coverage_pct"] for row in covered if row["game_date"] is not None}
    assert seen.keys() == five
    assert min(seen.values()) > 90
    first, last = min(five), max(takeover.days, key=lambda day: day.game_date).game_date
    own = {
        date.fromisoformat(r["game_date"]): r for r in takeover.json("coverage", first.isoformat(), last.isoformat())
    }
    assert all(own[day.game_date]["coverage_pct"] > 90 for day in takeover.days[1:])


def shadow_agrees(takeover: Takeover) -> None:
    """The comparison of the guide: the shadow has predicted whom the predecessor has, and is not far from it."""
    (compared,) = takeover.compared
    assert compared["predictions"] > 20
    assert compared["missing"] < 0.2 * compared["predictions"]
    assert abs(compared["mean_move"]) < 3


def back_in_charge(takeover: Takeover, day: Day) -> None:
    """After the way back and forth again, what regen predicts of a date is regen's, and nothing of it is the predecessor's.

    A player without new predictions keeps what he had; he is one of few.
    """
    now = takeover.predictions(day)
    ours: set[str] = set()
    theirs: set[str] = set()
    gone: set[str] = set()
    for (player, system), rows in now.items():
        for row in rows:
            whose = gone if system in GONE else theirs if row["batch_id"] is None else ours
            whose.add(player)
    assert ours
    assert gone
    assert not ours & theirs
    assert len(theirs) <= 0.1 * len(ours), theirs
