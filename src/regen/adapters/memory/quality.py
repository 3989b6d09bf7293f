"""The statements `quality.sql` and `keep_quality.sql` in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from regen.domain.quality import GameSums, Quality
from regen.schemas import table

Row = Mapping[str, Any]


def game_sums(grades: Iterable[Row]) -> list[GameSums]:
    """The sums of grades, by date, game and system."""
    games: defaultdict[tuple[date, str, str], list[Row]] = defaultdict(list)
    for grade in grades:
        is_gone = grade["is_voided"] or grade["is_superseded_prediction"]
        if grade["prediction_id"] is not None and grade["absolute_error"] is not None and not is_gone:
            games[grade["game_date"], grade["game_id"], grade["system_id"]].append(grade)
    return [_summed(*key, rows) for key, rows in sorted(games.items())]


def _summed(game_date: date, game_id: str, system_id: str, rows: list[Row]) -> GameSums:
    lined = [row for row in rows if row["line_value"] is not None]
    forecasts = [row for row in lined if row["over_probability"] is not None]
    return GameSums(
        game_date=game_date,
        game_id=game_id,
        system_id=system_id,
        graded=len(rows),
        retrospective=sum(bool(row["retrospective"]) for row in rows),
        mae=_sum(rows, "absolute_error"),
        bias=_sum(rows, "signed_error"),
        lined=len(lined),
        sided=sum(row["recommendation"] in {"OVER", "UNDER"} for row in rows),
        overs=sum(row["recommendation"] == "OVER" for row in rows),
        decided=sum(row["prediction_correct"] is not None for row in rows),
        hits=sum(bool(row["prediction_correct"]) for row in rows),
        forecasts=len(forecasts),
        expected_overs=_sum(forecasts, "over_probability"),
        actual_overs=sum(row["actual_points"] > row["line_value"] for row in forecasts),
    )


def _sum(rows: Iterable[Row], column: str) -> float:
    """The sum as NUMERIC has it, without the errors of binary fractions."""
    return float(sum(Decimal(str(row[column])) for row in rows))


def quality_row(found: Quality, at: datetime) -> dict[str, Any]:
    """A row of `prediction_quality`."""
    known = {**found.row(), "measured_at": at}
    return {name: known[name] for name in table("prediction_quality").columns}
