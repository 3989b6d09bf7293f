"""The signals of who plays tonight: what they say, and that they say nothing that is not known before the start."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta

import pytest

from regen.data.csvs import DataFolder
from regen.data.gamedays import game_days
from regen.domain.inputs import PlayerInputs
from regen.domain.values import replace
from regen.features.history import History
from regen.features.lineup import LINED, LINED_AFTER_MISSING, MIN_LINED, Lineup
from regen.features.names import LINEUP
from regen.features.records import GameLog, InjuryReport, PropLine
from regen.training.dataset import samples
from support.season_factory import FIRST, game_log, season

STAR, SCORERS = "aaaa", ("aaaa", "aaab", "aaac", "aaad", "aaae")
POINTS = {"aaaa": 26, "aaab": 18, "aaac": 14, "aaad": 12, "aaae": 10, "aaaf": 3}
TONIGHT = FIRST + timedelta(days=20)


def fed(absent: Mapping[int, Sequence[str]] | None = None) -> History:
    """Ten games of a team of six; who is absent from one scores for the others."""
    history = History()
    for number in range(10):
        day, gone = FIRST + timedelta(days=2 * number), (absent or {}).get(number, ())
        own = [
            game_log(day, name, points=points + 4 * len(gone), minutes=20.0 + points / 2)
            for name, points in POINTS.items()
            if name not in gone
        ]
        history.feed(day, (*own, game_log(day, "bbba", "BBB", "AAA", home=False)))
    return history


def lineup(history: History, lined: Sequence[str] = (), statuses: Mapping[str, str] | None = None) -> Lineup:
    return Lineup(history.rotation("AAA", TONIGHT), history.team("AAA"), statuses, lined)


def told(history: History, player: str, lined: Sequence[str] = (), **statuses: str) -> dict[str, float | None]:
    return lineup(history, lined, statuses or None).features(player, history.players[player])


def test_a_star_without_line_will_probably_not_play() -> None:
    history = fed()
    chances = lineup(history, SCORERS[1:]).chances
    assert chances[STAR] < 0.2
    assert chances["aaaf"] > 0.6  # of a bench player no line says little
    assert chances["aaab"] == LINED
    without, given = told(history, "aaab", SCORERS[1:]), told(history, "aaab", SCORERS)
    assert (without["absent_points_tonight"] or 0) > (given["absent_points_tonight"] or 0) + 15
    assert (without["mates_minutes_tonight"] or 0) < (given["mates_minutes_tonight"] or 0) - 20


def test_lines_that_have_not_come_say_nothing() -> None:
    history, few = fed(), SCORERS[: MIN_LINED - 1]
    assert lineup(history, few).chances == lineup(history).chances
    features = told(history, "aaab", few)
    assert (features["lined_mates"], features["lined_tonight"]) == (None, None)
    features = told(history, "aaab", SCORERS)
    assert (features["lined_mates"], features["lined_tonight"]) == (4.0, 1.0)
    assert told(history, "aaaf", SCORERS)["lined_tonight"] == 0.0


def test_a_line_brings_back_who_missed_games() -> None:
    history = fed({8: [STAR], 9: [STAR]})
    back, gone = lineup(history, SCORERS).chances[STAR], lineup(history, SCORERS[1:]).chances[STAR]
    assert back == LINED_AFTER_MISSING
    assert lineup(history).chances[STAR] == pytest.approx(0.31)
    assert gone < 0.1


def test_a_report_beats_a_line_that_is_still_there() -> None:
    history = fed()
    assert lineup(history, SCORERS, {STAR: "out"}).chances[STAR] == 0.0
    assert lineup(history, SCORERS, {STAR: "doubtful"}).chances[STAR] == pytest.approx(0.1)
    assert told(history, "aaab", SCORERS, aaaa="out")["lined_mates"] == 3.0
    assert lineup(history, SCORERS[1:], {STAR: "questionable"}).chances[STAR] < 0.2


def test_games_beside_a_like_lineup_count_most() -> None:
    history = fed({2: [STAR], 5: [STAR]})
    without, given = (told(history, "aaab", lined)["alike_lineup_points"] for lined in (SCORERS[1:], SCORERS))
    assert without is not None
    assert given is not None
    assert without > 0.5 > given
    assert told(fed(), "aaab", SCORERS)["alike_lineup_points"] == pytest.approx(0.0)


def timed(folder: DataFolder) -> DataFolder:
    """The folder with games that begin at midnight UTC, four hours after the lines were seen."""
    lines = tuple(replace(line, game_start=start_of(line)) for line in folder.lines)
    return replace(folder, lines=lines)


def start_of(row: PropLine | GameLog) -> datetime:
    return datetime.combine(row.game_date + timedelta(days=1), time(), UTC)


def after_the_start(folder: DataFolder, seed: int) -> DataFolder:
    """The folder with everything shuffled that comes after the start of the last date's games."""
    source = random.Random(seed)  # noqa: S311
    last = folder.logs[-1].game_date
    today = [log for log in folder.logs if log.game_date == last]
    results = [(log.points, log.minutes) for log in today]
    source.shuffle(results)
    played = [replace(log, points=p, minutes=m) for log, (p, m) in zip(today, results, strict=True)]
    late = start_of(today[0]) + timedelta(minutes=5)
    names = sorted({log.player_lookup for log in folder.logs})
    chosen = source.sample(names, len(names) // 2)
    lines = [PropLine(last, name, "fanduel", 9.5, -110, -110, late, start_of(today[0])) for name in chosen]
    teams = {log.player_lookup: log.team for log in folder.logs}
    reports = [InjuryReport(last, name, "out", teams[name], reported=late) for name in source.sample(names, 20)]
    return replace(
        folder,
        logs=(*(log for log in folder.logs if log.game_date < last), *played),
        lines=(*folder.lines, *lines),
        injuries=(*folder.injuries, *reports),
    )


def inputs_of(folder: DataFolder) -> dict[str, PlayerInputs]:
    last = folder.logs[-1].game_date
    return {s.inputs.player_lookup: s.inputs for s in samples(folder) if s.day == last}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shuffling_what_comes_after_the_start_changes_nothing(seed: int) -> None:
    folder = timed(season(days=12))
    known = inputs_of(folder)
    assert any(one.features["lined_mates"] for one in known.values())
    assert inputs_of(after_the_start(folder, seed)) == known


def test_training_and_the_import_know_the_same_of_tonight() -> None:
    folder = timed(season(days=12))
    known, last = inputs_of(folder), folder.logs[-1].game_date
    day = next(one for one in game_days(folder, wanted=[last]) if one.game_date == last)
    compared = 0
    for player in day.slate.players:
        if (trained := known.get(player.player_lookup)) is None:
            continue
        made = day.inputs(player, with_zones=False)
        assert {n: made.features[n] for n in LINEUP} == {n: trained.features[n] for n in LINEUP}
        compared += 1
    assert compared > 40
