"""Rows, acts and fences for the tests of the warehouses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.promotion import FenceToken, Promotion, Rollback, StagedRow
from regen.schemas import challenger_row
from support.warehouses import DAY, T0, at

SYSTEMS = ("moving_average", "ensemble_v1")
CHALLENGER = "0123456789abcdef"


def old(player: str, system: str, line: float | None, *, day: date = DAY, **more: Any) -> dict[str, Any]:
    """A row of the predecessor: without a batch, `superseded` not set."""
    return {
        "prediction_id": f"old-{player}-{system}-{line}",
        "system_id": system,
        "player_lookup": player,
        "game_date": day.isoformat(),
        "game_id": "0022500601",
        "prediction_version": 1,
        "predicted_points": 18.0,
        "confidence_score": 61.5,
        "recommendation": "UNDER",
        "current_points_line": line,
        "is_active": True,
        "created_at": T0,
        **more,
    }


def new(batch: str, player: str, system: str, line: float | None, *, round_: int = 1, **more: Any) -> StagedRow:
    """A staged prediction."""
    row = {
        "prediction_id": f"{batch}/{round_}/{player}/{system}/{line}",
        "system_id": system,
        "player_lookup": player,
        "game_date": DAY.isoformat(),
        "game_id": "0022500601",
        "prediction_version": 1,
        "predicted_points": 21.25,
        "confidence_score": 55.0,
        "recommendation": "OVER",
        "current_points_line": line,
        "is_active": True,
        "batch_id": batch,
        "key_factors": {"rest": 0.5, "words": "it's 100 % “so”"},
        "warnings": ["a", "b"],
        **more,
    }
    return StagedRow("prediction", player, prediction=row)


def run(batch: str, player: str, *, round_: int = 1) -> StagedRow:
    """A staged worker run."""
    row = {
        "request_id": f"{batch}/{round_}/{player}",
        "batch_id": batch,
        "round": round_,
        "run_date": at(0),
        "player_lookup": player,
        "game_date": DAY,
        "success": True,
        "line_values_requested": [],
        "systems_attempted": list(SYSTEMS),
        "system_errors": {"x": "y"},
    }
    return StagedRow("run", player, run=row)


def slate(*players: str) -> list[StagedRow]:
    return [StagedRow("slate", player) for player in players]


def everyone(batch: str, players: Sequence[str], line: float | None = 24.5, *, round_: int = 1) -> list[StagedRow]:
    """A whole slate with its predictions and runs."""
    rows = slate(*players)
    rows += [new(batch, player, system, line, round_=round_) for player in players for system in SYSTEMS]
    return rows + [run(batch, player, round_=round_) for player in players]


def fence(batch: str, token: int, round_: int = 1) -> FenceToken:
    return FenceToken(DAY, token, batch, round_)


def entry(batch: str, event: AuditEvent, when: datetime, round_: int = 1, **more: Any) -> AuditEntry:
    return AuditEntry(
        event_id=f"{batch}/{round_}/{event.value}",
        event=event,
        at=when,
        game_date=DAY,
        batch_id=batch,
        round=round_,
        status=event.value,
        reason="bdb_available",
        triggered_by="api_key:first",
        metadata={"note": "it's late"},
        **more,
    )


def promotion(
    batch: str, token: int, rows: int, *, whole_slate: bool = True, round_: int = 1, minute: int = 0, **more: Any
) -> Promotion:
    return Promotion(
        fence=fence(batch, token, round_),
        staging=staging(batch, token, round_),
        expected_rows=rows,
        whole_slate=whole_slate,
        reason="bdb_available",
        metadata={"who": "it's me"},
        at=at(minute),
        audit=entry(batch, AuditEvent.PROMOTED, at(minute), round_, requested=7, verdict={"coverage": 1.0}),
        **more,
    )


def rollback(batch: str, token: int, *, minute: int, round_: int = 1) -> Rollback:
    return Rollback(
        fence=fence(batch, token, round_),
        batch_id=batch,
        reason="rollback",
        metadata={"why": "wrong features"},
        id_prefix=f"restored/{batch}/{round_}",
        at=at(minute),
        audit=entry(batch, AuditEvent.ROLLED_BACK, at(minute), round_),
    )


def staging(batch: str, token: int, round_: int = 1) -> str:
    return f"s_{batch}_{round_}_{token}"


def challenger(batch: str, player: str, line: float | None, **more: Any) -> dict[str, Any]:
    """A checked row of a challenger."""
    row = {
        "prediction_id": f"{batch}/challenger/{player}/{line}",
        "challenger": CHALLENGER,
        "system_id": "ensemble_v1",
        "player_lookup": player,
        "game_date": DAY,
        "game_id": "0022500601",
        "predicted_points": 22.4,
        "prediction_sd": 6.125,
        "interval80_low": 14.6,
        "interval80_high": 30.2,
        "confidence_score": 58.0,
        "recommendation": "NO_LINE" if line is None else "UNDER",
        "current_points_line": line,
        "over_probability": None if line is None else 0.3812,
        "model_version": f"1-{CHALLENGER}",
        "ml_model_id": CHALLENGER,
        "batch_id": batch,
        "round": 1,
        "created_at": at(1),
        **more,
    }
    return dict(challenger_row(row))
