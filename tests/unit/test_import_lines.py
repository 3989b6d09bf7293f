"""Lines and their prices are read rightly or named, and the order of rows changes nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from regen.data.csvs import read_folder
from regen.data.importer import ImportOptions, import_data
from regen.domain.errors import InvalidInput
from support.import_files import LINES, aside, box, csv, logs
from support.import_tables import Tables
from support.season_factory import FIRST, season, write

# Lines


@pytest.mark.parametrize(
    "market", ["player_points", "Points", "PTS", "points", "Player Points", "player_points_alternate", ""]
)
def test_points_are_points_in_every_spelling(tmp_path: Path, market: str) -> None:
    csv(logs(tmp_path, box()), "prop_lines", LINES, f"2025-10-21,Ann Bell,{market},dk,9.5,,")
    assert len(read_folder(tmp_path).lines) == 1


def test_a_line_of_another_market_refuses_nothing(tmp_path: Path) -> None:
    rows = [
        "2025-10-21,Ann Bell,assists,dk,,,",
        "2025-10-21,,player_rebounds,,x,y,z",
        "2025-10-21,Ann Bell,points,dk,9.5,,",
    ]
    data = read_folder(csv(logs(tmp_path, box()), "prop_lines", LINES, *rows))
    assert len(data.lines) == 1
    assert aside(data, "prop_lines.csv") == {"of other markets than points": 2}


def test_a_file_of_other_markets_alone_is_told(tmp_path: Path) -> None:
    data = read_folder(csv(logs(tmp_path, box()), "prop_lines", LINES, "2025-10-21,Ann Bell,steals,dk,1.5,,"))
    assert "prop_lines.csv: not one of its 1 rows counts" in data.report.sentences


@pytest.mark.parametrize(
    ("written", "odds"),
    [("2.0", 100), ("1.91", -110), ("2.5", 150), ("-110", -110), ("+120", 120), ("EVEN", 100), ("", None)],
)
def test_odds_are_american_however_they_are_written(tmp_path: Path, written: str, odds: int | None) -> None:
    csv(logs(tmp_path, box()), "prop_lines", LINES, f"2025-10-21,Ann Bell,points,dk,9.5,{written},")
    assert read_folder(tmp_path).lines[0].over_price == odds


@pytest.mark.parametrize("written", ["0.5", "-50", "1"])
def test_what_is_no_price_is_refused(tmp_path: Path, written: str) -> None:
    csv(logs(tmp_path, box()), "prop_lines", LINES, f"2025-10-21,Ann Bell,points,dk,9.5,{written},")
    with pytest.raises(InvalidInput, match=r"prop_lines\.csv:2 over_price"):
        read_folder(tmp_path)


def test_alternates_are_rows_of_their_own(tmp_path: Path) -> None:
    rows = [f"2025-10-21,Ann Bell,points,dk,{value},-110,-110" for value in (9.5, 14.5, 4.5)]
    assert [line.line for line in read_folder(csv(logs(tmp_path, box()), "prop_lines", LINES, *rows)).lines] == [
        4.5,
        9.5,
        14.5,
    ]


def test_dates_in_utc_are_those_of_the_evening_before(tmp_path: Path) -> None:
    head = f"{LINES},start_utc"
    csv(logs(tmp_path, box()), "prop_lines", head, "2025-10-22,Ann Bell,points,dk,9.5,,,2025-10-22T00:30Z")
    data = read_folder(tmp_path)
    assert data.lines[0].game_date == FIRST
    assert any("dated in UTC" in said for said in data.report.notes)


# The order of rows


def test_the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    """P12: each hash was another when a file was sorted in another way."""
    made = write(season(days=12), tmp_path)
    seen = []
    for _ in range(2):
        tables = Tables()
        import_data(read_folder(made), tables, ImportOptions(zones=True))
        seen.append(tables.kept)
        for path in made.glob("*.csv"):
            head, *rows = path.read_text().splitlines()
            random.Random(path.name).shuffle(rows)  # noqa: S311
            path.write_text("\n".join((head, *rows)) + "\n")
    assert seen[0] == seen[1]
