"""Rows of statements as values of the domain, for any caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regen.domain.sources import SourceDay
from regen.domain.zones import ZoneDrift


def source_day(row: Mapping[str, Any]) -> SourceDay:
    """A row of `sources.sql`."""
    return SourceDay(
        source=row["source"],
        game_date=row["game_date"],
        rows=row["row_count"],
        players=row["players"],
        newest=row["newest"],
        games=tuple(sorted(row["games"] or ())),
        known_games=tuple(sorted(row["known_games"] or ())),
        first_start=row["first_start"],
        last_start=row["last_start"],
    )


def zone_drift(row: Mapping[str, Any]) -> ZoneDrift:
    """A row of `zone_drift.sql`."""
    return ZoneDrift(
        row["game_date"], row["game_id"], row["player_lookup"], row["was"], row["zones"], row["written_at"]
    )
