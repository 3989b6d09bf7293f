"""What counts for a game is what was known before it began: in files, in what is learnt, and in the worker."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from regen.data.csvs import DataFolder, read_folder
from regen.data.importer import TABLES, ImportOptions, Part, import_data
from regen.data.injuries import InjuryBoard
from regen.data.input_rows import FEATURES, LINES, SLATES, Row
from regen.data.offers import offers, tip_offs
from regen.data.rosters import Rosters
from regen.data.slates import Game
from regen.domain.inputs import Line, PlayerInputs
from regen.domain.lines import choose, consensus, main_lines
from regen.domain.outcome import Outcome
from regen.domain.predict import Gate, Naming, predict_player
from regen.domain.tip_off import MAX_NAMED, InputsAsOf, before_start, inputs_as_of
from regen.domain.values import replace
from regen.features.records import GameLog, InjuryReport, PropLine
from regen.training.dataset import LATE_LINES, Sample, samples
from regen.training.evaluate import Evaluation, evaluate, to_json
from regen.training.table import side_by_side
from regen.training.zones import Zones
from support.league import TIP_OFF, config, entry
from support.season_factory import FIRST, game_log, season, zone_row

DAYS = 12
DAY = FIRST + timedelta(days=2 * 9)
CAREER = 30
WINDOW = (FIRST + timedelta(days=48), FIRST + timedelta(days=56))


def start_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 23, 30, tzinfo=UTC)


def timed(made: DataFolder) -> DataFolder:
    """The season with starts; lines are seen three and a half hours before."""
    return replace(made, lines=tuple(replace(line, game_start=start_of(line.game_date)) for line in made.lines))


def in_play(made: DataFolder, since: date) -> tuple[PropLine, ...]:
    """For every line of the dates a later one that knows the score, with a start that makes it look early."""
    scores = {(log.game_date, log.player_lookup): log.points + 0.5 for log in made.logs}
    return tuple(
        replace(
            line,
            line=value,
            captured_at=start_of(line.game_date) + timedelta(hours=2 + n),
            game_start=start_of(line.game_date) + timedelta(hours=5 * n),
        )
        for line in made.lines
        if line.game_date >= since
        for n in (0, 1)
        for value in {line.line, scores.get((line.game_date, line.player_lookup), 40.5)}
    )


def changed(made: DataFolder, since: date) -> DataFolder:
    """The same with other box scores, line-ups, shots, late reports and late lines from a date on, in another order."""
    source = random.Random(3)  # noqa: S311
    absent = {f"{team}a" for team in ("aaa", "bbb", "ccc", "ddd", "eee", "fff", "ggg", "hhh")}
    logs = [
        log if log.game_date < since else replace(log, points=60 - log.points, minutes=5.0, fga=30, oreb=9)
        for log in made.logs
        if log.game_date < since or log.player_lookup not in absent
    ]
    zones = [row if row.game_date < since else replace(row, paint_ra_fga=90) for row in made.zones]
    late: list[InjuryReport] = []
    for day in {log.game_date for log in logs if log.game_date >= since}:
        late += [
            InjuryReport(day, f"{team.lower()}b", "out", team, "Knee", start_of(day) + timedelta(hours=1))
            for team in ("AAA", "BBB")
        ]
        late += [InjuryReport(day, "cccb", "out", "CCC", "Knee", day + timedelta(days=1))]
    lines = [*made.lines, *in_play(made, since)]
    source.shuffle(lines)
    reports = [*made.injuries, *late]
    source.shuffle(reports)
    return replace(made, logs=tuple(logs), lines=tuple(lines), zones=tuple(zones), injuries=tuple(reports))


class Loaded:
    def __init__(self, data: DataFolder, **options: Any) -> None:
        self.kept: dict[str, list[Row]] = {name: [] for name in TABLES}
        self.report = import_data(data, self, ImportOptions(dates=frozenset({DAY}), **options))

    def replace(self, parts: Sequence[Part]) -> None:
        for part in parts:
            self.kept[part.table] += part.rows


@pytest.fixture(scope="module")
def made() -> DataFolder:
    return timed(season(days=DAYS))


@pytest.mark.parametrize("zones", [False, True])
def test_an_import_knows_nothing_of_the_date_and_after_it(made: DataFolder, *, zones: bool) -> None:
    before, after = Loaded(made, zones=zones), Loaded(changed(made, DAY), zones=zones)
    for table in (SLATES, FEATURES, LINES):
        assert before.kept[table], table
        assert before.kept[table] == after.kept[table], table
    assert before.report.late_lines == 0
    assert after.report.late_lines > len(after.kept[LINES])
    assert after.report.late_reports == 3
    said = "\n".join(after.report.warnings)
    assert "seen after tip-off" in said
    assert "reports were made after tip-off" in said


def test_samples_know_nothing_of_the_date_and_after_it(made: DataFolder) -> None:
    def known(data: DataFolder, mode: Zones) -> dict[tuple[date, str], PlayerInputs]:
        return {(s.day, s.inputs.player_lookup): s.inputs for s in samples(data, DAY, zones=mode)}

    other = changed(made, DAY)
    for mode in Zones:
        before, after = known(made, mode), known(other, mode)
        assert len(after) > 100
        assert all(before[key] == inputs for key, inputs in after.items())
        assert all(before[key].inputs_hash() == inputs.inputs_hash() for key, inputs in after.items())


@pytest.fixture(scope="module")
def career() -> DataFolder:
    return timed(season(days=CAREER))


@pytest.fixture(scope="module")
def measured(career: DataFolder) -> Evaluation:
    return evaluate(career, *WINDOW)


def test_lines_of_the_game_in_play_move_no_score_and_no_fit(career: DataFolder, measured: Evaluation) -> None:
    told = evaluate(replace(career, lines=(*in_play(career, FIRST), *career.lines)), *WINDOW)
    assert told.rows == measured.rows
    assert told.artefacts == measured.artefacts
    (remark,) = told.remarks
    assert remark.endswith(LATE_LINES)
    assert int(remark.split()[0]) > 1000


def test_the_zones_of_yesterday_are_not_there_unless_asked_for(made: DataFolder) -> None:
    """Games on two days running: what was shot on the first is known on the third."""
    days = [FIRST + timedelta(days=n) for n in range(3)]
    logs = [
        game_log(day, player, team, other)
        for day in days
        for player, team, other in (("a", "AAA", "BBB"), ("b", "BBB", "AAA"))
    ]
    zones = tuple(zone_row(log.game_date, log.player_lookup, log.game_id, 10) for log in logs)
    data = replace(made, logs=tuple(logs), zones=zones, lines=(), injuries=())

    def ages(mode: Zones) -> list[float | None]:
        found: list[Sample] = list(samples(data, zones=mode))
        return [s.inputs.features["zones_age_days"] for s in found if s.inputs.player_lookup == "a"]

    assert ages(Zones.ARRIVED) == [None, None, 2.0]
    assert ages(Zones.GOLD) == [None, 1.0, 1.0]
    assert ages(Zones.SILVER) == [None, None, None]


def test_the_three_measurements_stand_side_by_side(career: DataFolder, measured: Evaluation) -> None:
    """Without being asked, what had arrived is measured."""
    assert measured.zones is Zones.ARRIVED
    found = [measured, *(evaluate(career, *WINDOW, zones=mode) for mode in (Zones.SILVER, Zones.GOLD))]
    text = side_by_side(found)
    assert "| arrived | silver |  gold |" in text
    assert all(f"shot zones: {mode.value}." in text for mode in Zones)
    assert json.loads(to_json(found))["by_zones"].keys() == {mode.value for mode in Zones}
    assert "by_zones" not in json.loads(to_json(found[:1]))


# files


def write(folder: Path, **files: str) -> DataFolder:
    log = "game_date,game_id,player_lookup,team,opponent,home,minutes,points\n2025-11-05,g1,ann,AAA,BBB,1,30,20\n"
    for name, text in {"player_game_logs": log, **files}.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return read_folder(folder)


HEAD = "game_date,player_lookup,bookmaker,line,over_price,under_price,snapshot_utc,start_utc\n"


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_snapshots_the_last_before_the_start_counts(tmp_path: Path, *, turned: bool) -> None:
    rows = [
        f"2026-01-10,ann,dk,{value},{over},-110,{seen},2026-01-11T00:30Z\n"
        for value, over, seen in [
            (14.5, -110, "2026-01-10T12:00Z"),
            (15.5, -110, "2026-01-10T23:00Z"),
            (9.5, -400, "2026-01-10T23:00:30Z"),
            (40.5, -110, "2026-01-11T01:30Z"),
            (15.5, -900, "2026-01-11T01:30Z"),
        ]
    ]
    read = write(tmp_path, prop_lines=HEAD + "".join(reversed(rows) if turned else rows))
    start = tip_offs({"ann": read.lines}, {"ann": "g"})["g"]
    found = offers(read.lines, start)
    assert [(line.line, line.over_price) for line in found.lines] == [(9.5, -400), (15.5, -110)]
    assert (len(found.late), found.older) == (2, 1)


@pytest.mark.parametrize("column", ["snapshot_utc", "captured_at", "snapshot_at", "last_update"])
@pytest.mark.parametrize("seen", ["2026-01-11T01:30Z", "2026-01-10T20:30:00-05:00", "2026-01-11 01:30:00 UTC"])
def test_a_line_after_the_start_is_late_however_told(tmp_path: Path, column: str, seen: str) -> None:
    head = HEAD.replace("snapshot_utc", column).replace("start_utc", "game_start")
    read = write(tmp_path, prop_lines=f"{head}2026-01-10,ann,dk,15.5,-110,-110,{seen},2026-01-11T00:30Z\n")
    (start,) = tip_offs({"ann": read.lines}, {"ann": "g"}).values()
    assert len(offers(read.lines, start).late) == 1
    assert not read.report.unknown_columns


def test_a_date_in_utc_goes_to_the_evening_of_its_game(tmp_path: Path) -> None:
    rows = [
        "2026-01-11,ann,dk,15.5,,,2026-01-10T23:00Z,2026-01-11T00:30Z\n",
        "2026-01-10,bob,dk,15.5,,,2026-01-10T23:00Z,2026-01-11T00:30Z\n",
        "2026-01-11,cy,dk,15.5,,,2026-01-11T15:00Z,2026-01-11T20:00Z\n",
    ]
    read = write(tmp_path, prop_lines=HEAD + "".join(rows))
    assert {line.player_lookup: line.game_date.day for line in read.lines} == {"ann": 10, "bob": 10, "cy": 11}
    assert "1 rows dated in UTC" in "; ".join(read.report.notes)


def test_a_report_names_a_day_or_a_moment(tmp_path: Path) -> None:
    head = "game_date,player_lookup,team,status,reported\n"
    rows = [
        "2026-03-23,ann,AAA,questionable,2026-03-23T17:00Z\n",
        "2026-03-23,ann,AAA,available,2026-03-23T20:44Z\n",
        "2026-03-23,ann,AAA,out,2026-03-24T02:00Z\n",
        "2026-03-23,ann,AAA,doubtful,2026-03-23\n",
        "2026-03-23,bob,AAA,out,2026-03-24\n",
    ]
    day, start = date(2026, 3, 23), datetime(2026, 3, 23, 23, 30, tzinfo=UTC)
    for order in (rows, rows[::-1]):
        board = InjuryBoard(write(tmp_path, injury_reports=head + "".join(order)).injuries)
        assert board.statuses(day, "AAA", start) == {"ann": "available"}
        assert board.statuses(day, "AAA") == {"ann": "out"}, (
            "10 p.m. US Eastern of the same date; nobody knows the start"
        )
        assert board.statuses(day, "BBB", start) is None


# the slate


GAME = Game("g9", date(2026, 1, 10), "HOM", "AWY")
START = datetime(2026, 1, 11, 0, 30, tzinfo=UTC)


def offered(player: str, value: float, seen: datetime, start: datetime = START) -> PropLine:
    return PropLine(GAME.game_date, player, "dk", value, -110, -110, seen, start)


def test_nobody_is_on_a_slate_for_what_came_after_the_start() -> None:
    rosters = Rosters()
    old = game_log(date(2025, 12, 1), "ann", "HOM", "OTH")
    rosters.play([old, replace(old, player_lookup="bob", team="OTH", opponent="HOM", home=False)])
    regulars: list[GameLog] = []
    for n in range(20):
        regulars.append(
            replace(old, game_date=date(2025, 12, 2) + timedelta(days=n), game_id=f"h{n}", player_lookup="cy")
        )
        rosters.play(regulars[-1:])
    late = START + timedelta(minutes=1)
    lines = [offered("cy", 9.5, START), offered("ann", 9.5, late, start=late)]
    moved = InjuryReport(GAME.game_date, "bob", "out", "HOM", "Knee", late)
    slate = rosters.slate(GAME.game_date, [GAME], lines, [moved])
    assert [(p.player_lookup, p.status, len(p.lines)) for p in slate.players] == [("cy", "unknown", 1)]
    assert (slate.late_lines, slate.late_reports, slate.unplaced) == (1, 1, ())


def test_the_schedules_start_comes_before_what_lines_say() -> None:
    rosters = Rosters()
    rosters.play([game_log(date(2026, 1, 8), "ann", "HOM", "OTH")])
    slate = rosters.slate(
        GAME.game_date, [replace(GAME, start=START)], [offered("ann", 9.5, START, START + timedelta(hours=9))]
    )
    assert slate.players[0].game.start == START


# lines


def test_a_line_after_the_start_is_named_and_makes_none_stale() -> None:
    early = Line(15.5, "draftkings", captured_at=TIP_OFF - timedelta(hours=10))
    own = replace(early, value=40.5, captured_at=TIP_OFF + timedelta(minutes=1))
    other = Line(38.5, "betmgm", captured_at=TIP_OFF + timedelta(hours=20))
    found = choose([own, early, other], TIP_OFF)
    assert found.lines == (early,)
    assert set(found.warnings) == {"line_after_start:draftkings:40.5", "line_after_start:betmgm:38.5"}
    assert choose([replace(early, captured_at=TIP_OFF)], TIP_OFF).warnings == ()


def test_alternates_do_not_move_the_consensus() -> None:
    ladder = [
        Line(v, "dk", over, under) for v, over, under in [(9.5, -500, 350), (15.5, -115, -105), (24.5, 400, -600)]
    ]
    lines = [*ladder, Line(16.5, "betmgm", -110, -110)]
    assert [line.value for line in main_lines(lines)] == [15.5, 16.5]
    assert consensus(lines) == 16.0
    assert [line.value for line in main_lines([Line(9.5, "dk"), Line(10.5, "dk"), Line(30.5, "dk")])] == [10.5]


# the worker


def inputs(**what: Any) -> PlayerInputs:
    known = entry("p").inputs
    assert known is not None
    return replace(known, game_start=TIP_OFF, **what)


def outcome(given: PlayerInputs) -> Outcome:
    return predict_player(given, config().run_for(("steady",), "v1"), ("steady",), Gate(None, 50.0), Naming("b", 1))


def test_the_worker_looks_for_itself() -> None:
    """A request of an earlier release holds what it holds."""
    early = (Line(15.5, "draftkings", captured_at=TIP_OFF - timedelta(hours=2)),)
    late = (Line(40.5, "draftkings", captured_at=TIP_OFF + timedelta(hours=1)),)
    sound, told = outcome(inputs(lines=early)), outcome(inputs(lines=early + late))
    assert told.provenance == sound.provenance
    assert [replace(p, warnings=()) for p in told.predictions] == [replace(p, warnings=()) for p in sound.predictions]
    assert "line_after_start:draftkings:40.5" in told.predictions[0].warnings


def test_many_late_lines_are_counted() -> None:
    late = tuple(Line(n + 0.5, "dk", captured_at=TIP_OFF + timedelta(hours=1)) for n in range(MAX_NAMED + 7))
    found = before_start(inputs(lines=late))
    assert found.lines == ()
    assert len(found.warnings) == MAX_NAMED + 1
    assert found.warnings[-1] == "line_after_start:7 more"


def test_without_a_start_nothing_is_bounded() -> None:
    late = (Line(40.5, "dk", captured_at=TIP_OFF + timedelta(hours=99)),)
    given = replace(inputs(lines=late), game_start=None)
    assert before_start(given) is given
    assert inputs_as_of(given) is None
    (row,) = outcome(given).predictions
    assert row.line == 40.5


@pytest.mark.parametrize(
    ("features", "context", "expected"),
    [(-1, -1, InputsAsOf.TIP_OFF), (45, -1, InputsAsOf.LATE), (-1, 45, InputsAsOf.LATE), (-1, None, InputsAsOf.TIP_OFF), (0, 0, InputsAsOf.TIP_OFF)],
)  # fmt: skip
def test_a_row_says_what_it_rests_on(features: int, context: int | None, expected: InputsAsOf) -> None:
    made = None if context is None else TIP_OFF + timedelta(hours=context)
    found = inputs(features_built_at=TIP_OFF + timedelta(hours=features), context_built_at=made)
    assert inputs_as_of(found) is expected
    provenance = outcome(found).provenance
    assert provenance is not None
    assert provenance.inputs_as_of == expected.value
    assert found.inputs_hash() == inputs().inputs_hash(), "no system sees when its inputs were made"
