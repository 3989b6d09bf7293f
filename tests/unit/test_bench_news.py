"""The bench of the news watch plays a date of the past as if it were to come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.mark.parametrize(
    ("name", "value", "moved"),
    [
        ("game_date", "2026-01-20", "2026-01-30"),
        ("game_start", "2026-01-21T00:30:00+00:00", "2026-01-31T00:30:00+00:00"),
        ("created_at", "2026-01-20T22:30:00+00:00", "2026-01-30T11:59:00+00:00"),
        ("created_at", "2026-01-10T22:30:00+00:00", "2026-01-20T22:30:00+00:00"),
        ("game_id", "0022500601", "0022500601"),
        ("home_game", True, True),
        ("captured_at", None, None),
        ("player_name", "2026-like", "2026-like"),
    ],
)
def test_only_starts_of_games_are_moved_ahead_of_now(
    name: str, value: object, moved: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))
    from bench import news  # noqa: PLC0415 - the tools are on no path of their own

    assert news.moved(name, value, timedelta(days=10), datetime(2026, 1, 30, 12, tzinfo=UTC)) == moved
