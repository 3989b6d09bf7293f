"""Files of data for tests of the importer: a few rows, and what is read of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from regen.data.csvs import DataFolder, read_folder, read_paths
from regen.features.records import GameLog

LOGS = "game_date,game_id,player_lookup,team,opponent,home,minutes,points"
LINES = "game_date,player_lookup,market,bookmaker,line,over_price,under_price"
REPORTS = "game_date,player_lookup,team,status,reported"
NATIVE = LOGS + "\n"
GAME = "2025-10-21,0022500001,Ann Bell,HOU,MIL,0,24.5,10\n2025-10-21,0022500001,Bo Cole,MIL,HOU,1,24.5,10\n"


def csv(root: Path, name: str, head: str, *rows: str) -> Path:
    (root / f"{name}.csv").write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return root


def logs(root: Path, *rows: str, head: str = LOGS) -> Path:
    return csv(root, "player_game_logs", head, *rows)


def box(day: str = "2025-10-21", game: str = "0022500001", player: str = "Ann Bell", **more: str) -> str:
    values = {"team": "NYK", "opponent": "BOS", "home": "1", "minutes": "24.5", "points": "10", **more}
    return ",".join((day, game, player, *values.values()))


def one(root: Path) -> GameLog:
    (found,) = read_folder(root).logs
    return found


def aside(data: DataFolder, file: str = "player_game_logs.csv") -> dict[str, int]:
    return dict(next(report.set_aside for report in data.report.files if report.name == file))


def read(root: Path, *texts: str | dict[str, Any] | list[Any], box: bool = True) -> DataFolder:
    """What is read of files with these contents, whose names say nothing."""
    if box:
        (root / "0.csv").write_text(NATIVE + GAME)
    for number, text in enumerate(texts, 1):
        if isinstance(text, str):
            (root / f"{number}.csv").write_text(text, encoding="utf-8")
        else:
            (root / f"{number}.json").write_text(json.dumps(text))
    return read_paths([root])
