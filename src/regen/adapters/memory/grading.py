"""The statement `grade.sql` in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from regen.adapters.memory.promoting import Row, is_current
from regen.domain.grading import AGREEING_MINUTES, COMPLETE_MINUTES, COMPLETE_PLAYERS, COMPLETE_POINTS, Graded
from regen.schemas import table
from regen.schemas.staging import GRADED

ACCURACY = "prediction_accuracy"
ROUNDED = 0.05
_KEPT = {"line_value": "current_points_line", "data_quality_tier": "data_source_tier"}
_COPIED = (
    "prediction_id", "player_lookup", "game_id", "game_date", "system_id", "team_abbr", "opponent_team_abbr",
    "predicted_points", "recommendation", "over_probability", "model_version", "batch_id", "feature_quality_score",
    "shot_zones_source", "retrospective", "inputs_as_of",
)  # fmt: skip
_CONFIRMED = frozenset({"out", "doubtful", "questionable"})
_SCRATCHED = frozenset({"available", "probable"})

Game = tuple[date, str]
Grades = dict[str, dict[str, Any]]


def graded(
    predictions: Iterable[Row], scores: Iterable[Row], grades: Mapping[str, Row], at: datetime
) -> tuple[Grades, list[Graded]]:
    """Grade some dates.

    Args:
        predictions: every prediction of the dates.
        scores: box scores of the dates.
        grades: existing grades, by prediction.

    Returns:
        The grades afterwards, by prediction, and the result by date.
    """
    newest = _newest(scores)
    boxes = _boxes(newest.values())
    current = {row["prediction_id"]: row for row in predictions if is_current(row)}
    after: Grades = {}
    for name, grade in grades.items():
        after[name] = {**grade, "is_superseded_prediction": grade["is_superseded_prediction"] or name not in current}
    for name, row in current.items():
        score = newest.get((_day(row), row["game_id"], row["player_lookup"]))
        if not boxes.get((_day(row), row["game_id"])) or not _is_settled(score):
            continue
        fresh = _grade(row, score if _has_played(score) else None, at)
        old = grades.get(name)
        if old is None or old["is_superseded_prediction"] or _is_corrected(old, fresh):
            after[name] = fresh
    return after, _graded_dates(current.values(), boxes, after)


def graded_challengers(rows: Iterable[Row], scores: Iterable[Row], at: datetime) -> list[Row]:
    """The rows of challengers with their grades: `grade_challengers.sql`."""
    newest = _newest(scores)
    boxes = _boxes(newest.values())
    after: list[Row] = []
    for row in rows:
        score = newest.get((_day(row), row["game_id"], row["player_lookup"]))
        if not boxes.get((_day(row), row["game_id"])) or not _is_settled(score):
            after.append(row)
            continue
        fresh = _grade(row, score if _has_played(score) else None, at)
        old = {"actual_points": None, "minutes_played": None, **row}
        if row.get("graded_at") is None or _is_corrected(old, fresh):
            after.append({**row, **{name: fresh[name] for name in GRADED}})
        else:
            after.append(row)
    return after


def _is_corrected(old: Row, fresh: Row) -> bool:
    """Whether points or minutes are others; an adopted table rounds minutes to one decimal."""
    before, after = (float(-1 if row["minutes_played"] is None else row["minutes_played"]) for row in (old, fresh))
    return bool(old["actual_points"] != fresh["actual_points"]) or abs(before - after) > ROUNDED


def _newest(scores: Iterable[Row]) -> dict[tuple[date, str, str], Row]:
    found: dict[tuple[date, str, str], Row] = {}
    for row in sorted(scores, key=lambda score: str(score["processed_at"] or "")):
        found[_day(row), row["game_id"], row["player_lookup"]] = row
    return found


def _boxes(scores: Iterable[Row]) -> dict[Game, bool]:
    """The games with a box score, and whether it is complete."""
    teams: dict[Game, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in scores:
        teams[_day(row), row["game_id"]][row["team_abbr"]].append(row)
    return {game: _is_whole([m for m in map(_whole_minutes, found.values()) if m]) for game, found in teams.items()}


def _is_whole(minutes: Sequence[Decimal]) -> bool:
    return len(minutes) >= 2 and max(minutes) - min(minutes) <= AGREEING_MINUTES


def _whole_minutes(rows: Sequence[Row]) -> Decimal | None:
    """The minutes of a team whose box score is complete, None if it is not."""
    minutes, points = [_minutes(row) for row in rows], [_number(row["points"]) or Decimal(0) for row in rows]
    played, scored = sum(minutes, Decimal(0)), sum(points, Decimal(0))
    enough = sum(map(_has_played, rows)) >= COMPLETE_PLAYERS and _is_least(played, COMPLETE_MINUTES)
    return played if enough and _is_least(scored, COMPLETE_POINTS) else None


def _has_played(row: Row | None) -> bool:
    return row is not None and _minutes(row).is_finite() and _minutes(row) > 0


def _is_settled(row: Row | None) -> bool:
    """Whether a row has minutes and points, or neither; there is none for players who did not play."""
    if row is None:
        return True
    points = _number(row["points"])
    if _has_played(row):
        return points is not None and _is_least(points, 0)
    return not _minutes(row) and not points


def _is_least(value: Decimal, least: int) -> bool:
    return value.is_finite() and value >= least


def _grade(row: Row, score: Row | None, at: datetime) -> dict[str, Any]:
    said = _number(row["predicted_points"])
    line = _number(row.get("current_points_line"))
    points = None if score is None else Decimal(score["points"])
    off = None if points is None or said is None else said - points
    low, high = _number(row.get("interval80_low")), _number(row.get("interval80_high"))
    injury = (row.get("injury_status_at_prediction") or "unknown").lower()
    confidence = _number(row["confidence_score"]) or Decimal(0)
    known = {
        **{name: row.get(name) for name in _COPIED},
        **{name: row.get(source) for name, source in _KEPT.items()},
        "game_date": _day(row),
        "confidence_score": confidence / 100,
        "confidence_decile": min(10, int(confidence // 10) + 1),
        "actual_points": None if points is None else int(points),
        "minutes_played": None if score is None else score["minutes_played"],
        "absolute_error": None if off is None else abs(off),
        "signed_error": off,
        "prediction_correct": _is_correct(row["recommendation"], points, line),
        "predicted_margin": None if line is None or said is None else said - line,
        "actual_margin": None if line is None or points is None else points - line,
        "within_3_points": None if off is None else abs(off) <= 3,
        "within_5_points": None if off is None else abs(off) <= 5,
        "within_interval80": None if points is None or low is None or high is None else low <= points <= high,
        "is_voided": points is None,
        "void_reason": None if points is not None else _void_reason(injury),
        "pre_game_injury_flag": injury not in {"available", "unknown"},
        "pre_game_injury_status": injury,
        "bdb_available_at_prediction": row.get("shot_zones_source") == "bigdataball",
        "is_superseded_prediction": False,
        "original_prediction_id": row.get("supersedes_prediction_id"),
        "graded_at": at,
    }
    return {name: _plain(known.get(name)) for name in table(ACCURACY).columns}


def _is_correct(recommendation: str, points: Decimal | None, line: Decimal | None) -> bool | None:
    if points is None or line is None or points == line:
        return None
    return {"OVER": points > line, "UNDER": points < line}.get(recommendation)


def _void_reason(injury: str) -> str:
    if injury in _CONFIRMED:
        return "dnp_injury_confirmed"
    return "dnp_late_scratch" if injury in _SCRATCHED else "dnp_unknown"


def _graded_dates(current: Iterable[Row], boxes: Mapping[Game, bool], grades: Grades) -> list[Graded]:
    by_day: dict[date, list[Row]] = defaultdict(list)
    for row in current:
        if (_day(row), row["game_id"]) in boxes:
            by_day[_day(row)].append(row)
    return [_date(day, rows, boxes, grades) for day, rows in sorted(by_day.items())]


def _date(day: date, rows: Sequence[Row], boxes: Mapping[Game, bool], grades: Grades) -> Graded:
    whole = [row for row in rows if boxes[day, row["game_id"]]]
    made = [grades[row["prediction_id"]] for row in whole if row["prediction_id"] in grades]
    errors = [g["absolute_error"] for g in made if g["system_id"] == "ensemble_v1" and g["absolute_error"] is not None]
    return Graded(
        game_date=day,
        gradable=len(whole),
        graded=len(made),
        voided=sum(grade["is_voided"] for grade in made),
        superseded=sum(g["is_superseded_prediction"] for g in grades.values() if g["game_date"] == day),
        mae=round(sum(errors) / len(errors), 4) if errors else None,
        waiting=tuple(sorted({row["game_id"] for row in rows if not boxes[day, row["game_id"]]})),
    )


def _day(row: Row) -> date:
    day = row["game_date"]
    return day if isinstance(day, date) else date.fromisoformat(day)


def _minutes(row: Row | None) -> Decimal:
    return Decimal(0) if row is None else _number(row["minutes_played"]) or Decimal(0)


def _number(value: float | Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _plain(value: Any) -> Any:  # noqa: ANN401
    return float(value) if isinstance(value, Decimal) else value
