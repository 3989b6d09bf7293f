"""The screen: what a table keeps at each width, and the ways to name a batch."""

from __future__ import annotations

import itertools
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from datetime import UTC, datetime
from fcntl import ioctl
from pathlib import Path

import pytest

from regen.cli import bdb, news
from regen.cli.backfill import TABLE
from regen.cli.output import columns
from regen.cli.predictions import COVERAGE, SHOW, SLATE
from regen.cli.quality import QUALITY
from regen.cli.records import AUDIT
from regen.cli.sources import SOURCES
from regen.cli.tables import layout, lines
from regen.cli.times import moment, short
from regen.cli.views import CHECKS, ENDS, HISTORY, LIST
from support.seat import Seat

DAY = "2026-01-20"
WIDTHS = [80, 100, 120, 160]
SHAPES = {"list": LIST, "ends": ENDS, "checks": CHECKS, "history": HISTORY, "audit": AUDIT, "show": SHOW}
SHAPES |= {"slate": SLATE, "coverage": COVERAGE, "backfill": TABLE, "sources": SOURCES, "quality": QUALITY}
SHAPES |= {"bdb list": bdb.LIST, "bdb scan": bdb.SCAN, "news list": news.LIST, "news scan": news.SCAN}
CELLS = {
    "batch_id": "regen_2026-01-20_bdb_upgrade_a1b2c3d4",
    "game_date": DAY,
    "as_of_date": DAY,
    "status": "dispatching",
    "event": "rollback_requested",
    "state": "FAILED",
    "at": "2026-01-20 20:06:52",
    "regeneration_timestamp": "2026-01-20 20:06:52",
    "why": "the feed of lines came back late, and " * 3,
    "concerns": "a, b, c and 17 more",
    "missing_players": "bredonpeltane, " * 4,
    "player_lookup": "giannisantetokounmpo",
    "game_id": "0022500601",
    "kind": "line_appeared",
    "act": "regenerate",
    "missing_games": "0022500601, 0022500602, 0022500603",
}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SHAPES)
def test_ids_dates_and_states_are_whole_at_each_width(name: str, width: int) -> None:
    shape = columns(SHAPES[name])
    row = [CELLS.get(column.key, "1234") for column in shape]
    found = layout(shape, [row], width)
    drawn = ["  ".join(text for text, _ in pieces) for pieces in lines(found, shape, [row])]
    if found.widths:
        assert max(map(len, drawn)) <= width
        assert not [column.key for column in found.dropped if not column.rank]
    text = "\n".join(drawn)
    for column, cell in zip(shape, row, strict=True):
        assert column.rank or cell in text, column.key


def test_columns_leave_by_importance() -> None:
    shape = columns(LIST)
    row = [CELLS.get(column.key, "1234") for column in shape]
    dropped = [{c.key for c in layout(shape, [row], width).dropped} for width in (160, 120, 100, 80)]
    assert dropped[0] == set()
    assert all(wide <= narrow for wide, narrow in itertools.pairwise(dropped))
    assert {"kind", "round"} <= dropped[3]
    assert "coverage_pct" not in dropped[3]


def test_an_id_wider_than_the_screen_is_not_cut() -> None:
    shape, row = columns("batch_id game_date status"), [f"regen_2026-01-20_{'x' * 40}_a1b2c3d4", DAY, "promoted"]
    found = layout(shape, [row], 80)
    assert found.widths == ()
    text = ["  ".join(piece for piece, _ in pieces) for pieces in lines(found, shape, [row])]
    assert [line.split() for line in text if line] == [
        ["batch", "id", row[0]],
        ["game", "date", DAY],
        ["status", row[2]],
    ]


@pytest.mark.parametrize("width", [80, 160])
def test_a_terminal_shows_whole_ids_and_marks(width: int, seat: Seat) -> None:
    """At 80 columns it read `regen_...  regen...  2026-...  promo...`."""
    batch = seat.promoted().batch_id
    main, side = pty.openpty()
    ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    run = [sys.executable, "-c", "from regen.cli.main import main; main()", "status"]
    env = {**os.environ, **seat.env, "TERM": "xterm", "COLUMNS": str(width)}
    done = subprocess.run(run, stdout=side, stderr=subprocess.PIPE, stdin=side, env=env, timeout=120, check=False)
    os.close(side)
    text = re.sub(r"\x1b\[[0-9;]*m", "", os.read(main, 100_000).decode())
    os.close(main)
    assert done.returncode == 0, done.stderr
    assert batch in text
    assert DAY in text
    assert "✓ promoted" in text
    assert max(len(line.rstrip("\r")) for line in text.split("\n")) <= width


@pytest.mark.parametrize("order", ["status", "wait", "rollback"])
def test_a_batch_is_named_by_prefix_date_or_last(order: str, seat: Seat) -> None:
    batch = seat.promoted().batch_id
    more = ("--dry-run",) if order == "rollback" else ()
    for name in (batch, batch[:-2], DAY, "@last"):
        ended = seat(order, name, *more)
        assert ended.exit_code == 0, ended.output
        assert batch in ended.stdout


def test_audit_and_report_take_last(seat: Seat, tmp_path: Path) -> None:
    batch = seat.promoted().batch_id
    assert batch in seat("audit", "@last").stdout
    assert seat("report", "@last", "-o", str(tmp_path / "r.html")).exit_code == 0
    assert batch in (tmp_path / "r.html").read_text()


def test_an_id_without_a_coordinator_is_left_to_the_tables(seat: Seat) -> None:
    batch = seat.promoted().batch_id
    away = seat("audit", f"{batch}x", env={"COORDINATOR_URL": "", "API_KEY": ""})
    assert away.exit_code == 4
    assert away.stderr.splitlines() == [
        f"error: the audit knows no {batch}x; the nearest: {batch}",
        f"next: regen audit {DAY}",
    ]


def test_a_prefix_of_two_batches_names_both(seat: Seat) -> None:
    first, second = seat.promoted().batch_id, seat.promoted().batch_id
    ended = seat("status", first[:20])
    assert ended.exit_code == 2
    assert first in ended.stderr
    assert second in ended.stderr


def test_a_misspelt_batch_is_told_the_nearest(seat: Seat) -> None:
    batch = seat.promoted().batch_id
    ended = seat("status", batch.replace("feature_upgrade", "feature_ugprade"))
    assert ended.exit_code == 4
    assert batch in ended.stderr


def test_short_times_tell_age_then_clock_then_date() -> None:
    now = datetime(2026, 1, 20, 20, 9, 52, tzinfo=UTC)
    assert short("2026-01-20T20:06:52+00:00", now) == "3 min ago"
    assert short("2026-01-20T01:06:52+00:00", now) == "01:06:52"
    assert short("2026-01-19T20:06:52+00:00", now) == "01-19 20:06"
    assert moment("2026-01-20T20:06:52+00:00", now) == "2026-01-20 20:06:52 UTC (15:06 US Eastern, 3 min ago)"
    assert moment("2026-01-20T02:06:52+00:00", now).startswith("2026-01-20 02:06:52 UTC (01-19 21:06 US Eastern")
