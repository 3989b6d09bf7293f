"""`regen train --from-warehouse`: the tables give what a folder gives, and what they lack is named."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from regen.client import training_tables
from regen.client.reader import Reader
from regen.data.csvs import DataFolder
from regen.domain.values import replace
from regen.systems import load_artefact
from regen.training.train import train
from regen.training.warehouse import HISTORY_DAYS, remarks, tables_as_data
from support.commands import run_command
from support.season_factory import FIRST, season

MADE = season(days=50)
CUT = FIRST + timedelta(days=70)
GAMES: list[dict[str, Any]] = [
    {
        "player_lookup": log.player_lookup,
        "game_date": log.game_date.isoformat(),
        "game_id": log.game_id,
        "team_abbr": log.team,
        "opponent_team_abbr": log.opponent,
        "home_game": log.home,
        "minutes_played": log.minutes,
        "points": log.points,
        "assists": log.assists,
        "offensive_rebounds": log.oreb,
        "defensive_rebounds": log.dreb,
        "fg_attempts": log.fga,
        "three_pt_attempts": log.fg3a,
        "ft_attempts": log.fta,
    }
    for log in MADE.logs
]
LINES: list[dict[str, Any]] = [
    {
        "game_date": line.game_date.isoformat(),
        "player_lookup": line.player_lookup,
        "bookmaker": line.bookmaker,
        "line": line.line,
        "over_price": line.over_price,
        "under_price": line.under_price,
        "captured_at": line.captured_at.isoformat() if line.captured_at else None,
    }
    for line in MADE.lines
]


def same_data(folder: DataFolder) -> DataFolder:
    """A folder with no more than the tables hold."""
    absent: dict[str, Any] = dict.fromkeys(("fgm", "fg3m", "ftm", "steals", "blocks", "turnovers", "fouls"))
    absent |= dict.fromkeys(("starter", "position", "player_name", "nba_player_id"))
    logs = (
        replace(log, **absent, rebounds=None if log.dreb is None else log.dreb + (log.oreb or 0)) for log in folder.logs
    )
    return replace(folder, logs=tuple(logs), zones=(), injuries=())


def test_the_tables_give_the_fit_of_a_folder_that_holds_no_more() -> None:
    assert train(tables_as_data(GAMES, LINES), CUT).hash == train(same_data(MADE), CUT).hash


def test_what_is_not_there_is_named() -> None:
    rows = [dict(row, home_game=None) for row in GAMES[:2]] + [
        dict(GAMES[2], points=None),
        dict(GAMES[3], minutes_played=-1.0),
    ]
    found = tables_as_data(rows, [dict(LINES[0], line=float("nan"))])
    assert (len(found.logs), len(found.lines)) == (2, 0)
    said = "; ".join(remarks(found.report))
    for words in (
        "no shot zones",
        "no injury reports",
        "turnovers",
        "home_game",
        "left out as invalid",
        "prop_lines_input",
    ):
        assert words in said
    assert "no games" in "; ".join(remarks(tables_as_data([], []).report))


def test_the_command_reads_two_years_and_says_what_they_lack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[tuple[date, date]] = []

    def rows(reader: Reader, first: date, until: date) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        asked.append((first, until))
        return GAMES, LINES

    monkeypatch.setattr(training_tables, "rows_to_learn_from", rows)
    out = tmp_path / "artefact.json"
    done = run_command(
        ["train", "--from-warehouse", "--until", CUT.isoformat(), "--out", str(out)], {"HOME": str(tmp_path)}
    )
    assert done.exit_code == 0, done.output
    assert asked == [(CUT - timedelta(days=HISTORY_DAYS), CUT)]
    assert "the tables hold no shot zones" in done.stderr
    assert load_artefact(out).last_date <= CUT.isoformat()
    assert load_artefact(out).hash in done.stdout


@pytest.mark.parametrize("sources", [[], ["--data", ".", "--from-warehouse"]])
def test_one_source_is_named_and_only_one(sources: list[str]) -> None:
    done = run_command(["train", "--until", "2025-11-30", *sources], {})
    assert done.exit_code == 2
    assert "--from-warehouse" in done.stderr
