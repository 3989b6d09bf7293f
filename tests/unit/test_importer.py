"""From CSV records to rows: what they hold, when they were made, and what a late arrival changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from regen import league
from regen.data.csvs import DataFolder
from regen.data.gamedays import game_days
from regen.data.importer import (
    TABLES,
    Damage,
    ImportOptions,
    Part,
    import_data,
    import_folder,
    report_arrives,
    zones_arrive,
)
from regen.data.input_rows import FEATURES, HISTORY, LINES, PENDING, SLATES, Row
from regen.domain.errors import InvalidInput
from regen.domain.inputs import PlayerInputs, RecentGame
from regen.domain.values import replace
from regen.features.inputs import unpack
from regen.features.records import InjuryReport
from regen.schemas import normalise, table

DAYS = (date(2025, 11, 5), date(2025, 11, 6), date(2025, 11, 7))


class Tables:
    """Keeps what was loaded, by table and date."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, list[Row]]] = {name: {} for name in TABLES}
        self.loads = 0

    def replace(self, parts: Sequence[Part]) -> None:
        self.loads += 1
        for part in parts:
            dates = {day.isoformat() for day in part.dates}
            assert {row["game_date"] for row in part.rows} <= dates
            for day in dates:
                self.kept[part.table][day] = [row for row in part.rows if row["game_date"] == day]

    def rows(self, table: str, day: date | None = None) -> list[Row]:
        return [
            row for kept, rows in self.kept[table].items() if day is None or kept == day.isoformat() for row in rows
        ]


@pytest.fixture(scope="module")
def data() -> DataFolder:
    """The sample league until a day after the dates looked at."""
    whole = league.as_data(league.generate())
    end = DAYS[-1] + timedelta(1)
    return replace(
        whole,
        logs=tuple(row for row in whole.logs if row.game_date <= end),
        lines=tuple(row for row in whole.lines if row.game_date <= end),
        zones=tuple(row for row in whole.zones if row.game_date <= end),
        injuries=tuple(row for row in whole.injuries if row.game_date <= end),
    )


@pytest.fixture(scope="module")
def loaded(data: DataFolder) -> Tables:
    tables = Tables()
    import_data(data, tables, ImportOptions(dates=frozenset(DAYS)))
    return tables


def inputs_of(data: DataFolder, day: date, *, zones: bool) -> dict[str, PlayerInputs]:
    for one in game_days(data):
        if one.game_date == day:
            return {p.player_lookup: one.inputs(p, with_zones=zones) for p in one.slate.players}
    raise AssertionError(day)


def test_every_row_is_as_its_table_wants_it(loaded: Tables) -> None:
    for name in TABLES:
        rows = loaded.rows(name)
        assert rows, name
        for row in rows:
            assert set(row) == set(table(name).columns)
            assert normalise(table(name), row) == {key: value for key, value in row.items() if value is not None}


def test_only_history_reaches_before_the_dates(loaded: Tables, data: DataFolder) -> None:
    dates = {day.isoformat() for day in DAYS}
    for name in (SLATES, LINES, FEATURES, PENDING):
        assert {row["game_date"] for row in loaded.rows(name)} == dates
    assert len(loaded.rows(HISTORY)) == sum(log.game_date <= DAYS[-1] for log in data.logs)


def test_what_is_read_back_is_what_the_features_were_made_of(loaded: Tables, data: DataFolder) -> None:
    """Feature rows and history rows together give the very inputs that a live run would have had."""
    played: dict[str, list[RecentGame]] = {}
    for row in loaded.rows(HISTORY):
        if row["game_date"] < DAYS[1].isoformat():
            played.setdefault(row["player_lookup"], []).append(
                RecentGame(
                    game_date=date.fromisoformat(row["game_date"]),
                    game_id=row["game_id"],
                    team=row["team_abbr"],
                    opponent=row["opponent_team_abbr"],
                    home=row["home_game"],
                    minutes=row["minutes_played"],
                    points=row["points"],
                    fga=row["fg_attempts"],
                    fg3a=row["three_pt_attempts"],
                    fta=row["ft_attempts"],
                    rebounds=row["offensive_rebounds"] + row["defensive_rebounds"],
                    assists=row["assists"],
                    days_rest=row["days_rest"],
                    opponent_def_rating=row["opponent_def_rating"],
                )
            )
    wanted = inputs_of(data, DAYS[1], zones=False)
    rows = loaded.rows(FEATURES, DAYS[1])
    assert len(rows) > 50
    for row in rows:
        inputs = wanted[row["player_lookup"]]
        assert unpack(row["feature_names"], row["features"]) == inputs.features
        assert row["data_hash"] == inputs.feature_hash
        recent = sorted(played.get(row["player_lookup"], []), key=lambda game: game.game_date, reverse=True)
        assert tuple(recent[:30]) == inputs.recent_games


def test_everyone_who_would_be_requested_has_a_feature_row(loaded: Tables, data: DataFolder) -> None:
    tables = Tables()
    report = import_data(data, tables, ImportOptions(dates=frozenset(DAYS)))
    assert set(report.requested) == set(DAYS)
    for day in game_days(data):
        if day.game_date in DAYS:
            asked = {player.player_lookup for player in day.slate.requested()}
            assert len(asked) == report.requested[day.game_date]
            assert asked <= {row["player_lookup"] for row in loaded.rows(FEATURES, day.game_date)}
            assert len(loaded.rows(SLATES, day.game_date)) == len(day.slate.players)


def test_rows_are_made_before_the_game_and_silver(loaded: Tables) -> None:
    starts = {row["game_id"]: row["game_start"] for row in loaded.rows(SLATES)}
    for row in loaded.rows(FEATURES):
        assert row["data_source_tier"] == "SILVER"
        assert row["shot_zones_source"] is None
        assert row["created_at"] < starts[row["game_id"]]
    assert {row["status"] for row in loaded.rows(PENDING)} == {"pending_bdb"}


def test_slate_holds_the_preferred_line(loaded: Tables) -> None:
    games = {(row["game_date"], row["player_lookup"]): row["game_id"] for row in loaded.rows(SLATES)}
    offered: dict[tuple[str, str], dict[str, float]] = {}
    for row in loaded.rows(LINES):
        assert row["game_id"] == games.get((row["game_date"], row["player_lookup"]))
        offered.setdefault((row["game_date"], row["player_lookup"]), {})[row["bookmaker"]] = row["line"]
    for row in loaded.rows(SLATES):
        books = offered.get((row["game_date"], row["player_lookup"]), {})
        assert row["has_prop_line"] is bool(books)
        if books:
            assert row["current_points_line"] == books[row["current_points_line_source"]]
            assert row["current_points_line_source"] == (
                "draftkings" if "draftkings" in books else row["current_points_line_source"]
            )


def test_shot_zones_arrive_for_some_dates(data: DataFolder) -> None:
    tables = Tables()
    import_data(data, tables, ImportOptions(dates=frozenset(DAYS)))
    before = {(row["game_date"], row["player_lookup"]): row for row in tables.rows(FEATURES)}
    slates = tables.rows(SLATES)
    report = zones_arrive(data, tables, DAYS[:1])
    after = {(row["game_date"], row["player_lookup"]): row for row in tables.rows(FEATURES)}
    assert set(after) == set(before)
    assert tables.rows(SLATES) == slates
    silver = set()
    for key, row in after.items():
        if key[0] != DAYS[0].isoformat():
            assert row == before[key]
            continue
        assert row["created_at"] > before[key]["created_at"]
        if row["data_source_tier"] == "SILVER":
            silver.add(key[1])
            assert row["data_hash"] == before[key]["data_hash"]
        else:
            assert row["shot_zones_source"] == "bigdataball"
            assert row["shot_zones_age_days"] >= 1
            assert row["data_hash"] != before[key]["data_hash"]
    assert silver == set(report.without_zones)
    assert 0 < len(silver) < 0.1 * report.tiers["GOLD"]
    assert {row["status"] for row in tables.rows(PENDING, DAYS[0])} == {"bdb_available"}
    assert {row["status"] for row in tables.rows(PENDING, DAYS[1])} == {"pending_bdb"}
    assert all(row["bdb_shots_found"] > 100 for row in tables.rows(PENDING, DAYS[0]))


def test_feature_rows_may_be_older_than_the_report(data: DataFolder) -> None:
    """The slate knows it at once; `zones_arrive` and `report_arrives` bring it into the feature rows."""
    tables = Tables()
    import_data(data, tables, ImportOptions(dates=frozenset(DAYS[:2]), unreported=frozenset(DAYS[:1])))

    def knowing(day: date) -> set[bool]:
        return {"injury_risk" in row["feature_names"] for row in tables.rows(FEATURES, day)}

    assert knowing(DAYS[0]) == {False}
    assert knowing(DAYS[1]) != {False}, "that of another date is known"
    assert {"out"} < {row["player_status"] for row in tables.rows(SLATES, DAYS[0])}
    zones_arrive(data, tables, DAYS[:1])
    assert True in knowing(DAYS[0])


def test_a_newer_report_changes_slates_and_feature_rows(data: DataFolder) -> None:
    tables = Tables()
    import_data(data, tables, ImportOptions(dates=frozenset(DAYS[:1])))
    kept = {name: tables.rows(name) for name in (HISTORY, LINES, PENDING)}
    playing = [row for row in tables.rows(SLATES) if row["player_status"] == "available" and row["has_prop_line"]]
    gone = max(playing, key=lambda row: row["avg_minutes_per_game_last_7"])
    before = {row["player_lookup"]: row["data_hash"] for row in tables.rows(FEATURES)}
    report = InjuryReport(DAYS[0], gone["player_lookup"], "out", gone["team_abbr"], "Illness", DAYS[0])
    report_arrives(replace(data, injuries=(*data.injuries, report)), tables, DAYS[:1])
    assert {n: tables.rows(n) for n in kept} == kept
    rows = {row["player_lookup"]: row for row in tables.rows(SLATES)}
    assert rows[gone["player_lookup"]]["player_status"] == "out"
    teams = {name: row["team_abbr"] for name, row in rows.items()}
    moved = {row["player_lookup"] for row in tables.rows(FEATURES) if row["data_hash"] != before[row["player_lookup"]]}
    assert moved == {name for name in before if teams[name] == gone["team_abbr"]}


def test_zones_that_were_there_from_the_first(data: DataFolder) -> None:
    tables = Tables()
    report = import_data(data, tables, ImportOptions(dates=frozenset(DAYS[:1]), zones=True))
    assert report.tiers["GOLD"] > 50
    assert {row["status"] for row in tables.rows(PENDING)} == {"completed"}


def test_old_games_are_no_longer_waited_for(data: DataFolder) -> None:
    tables = Tables()
    import_data(data, tables, ImportOptions(dates=frozenset({date(2025, 3, 24), DAYS[0]})))
    assert {row["status"] for row in tables.rows(PENDING, date(2025, 3, 24))} == {"expired"}


def test_the_given_moment_is_when_all_rows_were_made(data: DataFolder) -> None:
    now = datetime(2026, 2, 1, 12, tzinfo=UTC)
    tables = Tables()
    import_data(data, tables, ImportOptions(dates=frozenset(DAYS[:1]), now=now))
    for name, column in ((SLATES, "created_at"), (FEATURES, "created_at"), (HISTORY, "processed_at")):
        assert {row[column] for row in tables.rows(name)} == {now.isoformat()}


def test_a_share_fails_and_a_share_vanishes_every_time_the_same(data: DataFolder) -> None:
    damage = Damage(fail_share=0.25, coverage=0.8, dates=frozenset(DAYS[:1]))
    runs = []
    for _ in range(2):
        tables = Tables()
        report = zones_arrive(data, tables, DAYS[:2], damage=damage)
        runs.append(tables.rows(FEATURES))
    assert runs[0] == runs[1]
    asked = report.requested[DAYS[0]]
    short = [row for row in runs[0] if len(row["features"]) < len(row["feature_names"])]
    assert {row["game_date"] for row in short} == {DAYS[0].isoformat()}
    assert len(short) == report.failing == round(0.25 * asked)
    assert report.vanished == asked - round(0.8 * asked)


def test_everybody_can_vanish(data: DataFolder) -> None:
    tables = Tables()
    zones_arrive(data, tables, DAYS[:1], damage=Damage(coverage=0.0))
    asked = {p.player_lookup for d in game_days(data, DAYS[0]) if d.game_date == DAYS[0] for p in d.slate.requested()}
    assert not asked & {row["player_lookup"] for row in tables.rows(FEATURES)}


def test_how_often_rows_are_loaded_changes_nothing(data: DataFolder, loaded: Tables) -> None:
    often = Tables()
    import_data(data, often, ImportOptions(dates=frozenset(DAYS), rows_per_load=1))
    assert often.loads > loaded.loads
    assert often.kept == loaded.kept


def test_a_folder_is_read_and_its_remarks_are_told(tmp_path: Path) -> None:
    head = "game_date,game_id,player_lookup,player_name,team,opponent,home,minutes,points,mood\n"
    row = "{day},g{n},karlomatkovic,Karlo Matković,AAA,BBB,1,30.5,20,good\n"
    (tmp_path / "player_game_logs.csv").write_text(
        head + "".join(row.format(day=f"2025-11-{n:02d}", n=n) for n in range(1, 9)), encoding="utf-8"
    )
    tables = Tables()
    report = import_folder(tmp_path, tables)
    assert report.rows == {SLATES: 7, HISTORY: 8, FEATURES: 7, PENDING: 8}
    said = "\n".join(report.warnings)
    for part in ("prop_lines: missing", "shot_zones: missing", "injury_reports: missing", "mood", "rebounds"):
        assert part in said
    row_ = tables.rows(SLATES, date(2025, 11, 8))[0]
    assert (row_["player_name"], row_["player_status"], row_["has_prop_line"]) == ("Karlo Matković", "unknown", False)
    assert tables.rows(HISTORY)[0]["offensive_rebounds"] is None


def test_lines_after_tip_off_are_left_out(data: DataFolder) -> None:
    start = datetime(2025, 11, 6, 0, tzinfo=UTC)
    lines = tuple(
        replace(row, game_start=start, captured_at=start + timedelta(minutes=1)) if row.game_date == DAYS[0] else row
        for row in data.lines
    )
    tables = Tables()
    report = import_data(replace(data, lines=lines), tables, ImportOptions(dates=frozenset(DAYS[:1])))
    assert report.late_lines > 100
    assert "after tip-off" in "\n".join(report.warnings)
    assert not tables.rows(LINES)
    assert not any(row["has_prop_line"] for row in tables.rows(SLATES))


@pytest.mark.parametrize("day", [date(2024, 1, 1), date(2025, 11, 4)])
def test_a_date_without_games_is_refused(data: DataFolder, day: date) -> None:
    with pytest.raises(InvalidInput, match="has none"):
        import_data(data, Tables(), ImportOptions(dates=frozenset({day})))


@pytest.mark.parametrize("values", [{"fail_share": -0.1}, {"coverage": 1.1}])
def test_shares_are_shares(values: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(values))):
        Damage(**values)  # type: ignore[arg-type]
