"""The gate: two artefacts on the same player-games, which neither has seen, compared pair by pair and judged by limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Protocol

import numpy as np
from msgspec import Struct

from regen.data.csvs import DataFolder
from regen.domain.errors import InvalidInput
from regen.domain.intervals import Figure
from regen.domain.values import asdict, replace
from regen.features.versions import SERVED_VERSION
from regen.systems import member_ids
from regen.systems.artefact import Artefact
from regen.training.at_line import mean_by_game
from regen.training.dataset import Sample, samples
from regen.training.evaluate import eligible, openings, scores_of
from regen.training.rounding import rounded
from regen.training.scoring import Scored
from regen.training.served import as_served
from regen.training.train import established
from regen.training.zones import Zones

ALL = "all"
POPULATIONS: Mapping[str, Callable[[Scored], bool]] = {
    ALL: lambda _: True,
    "lined": lambda row: row.line is not None,
    "unlined": lambda row: row.line is None,
    **{role: lambda row, role=role: row.role == role for role in ("starter", "rotation", "bench")},  # type: ignore[misc]
}
AIM = 80.0
"""Percent of results that an 80 % interval should hold."""


class Judged(Protocol):
    """What is read of a prediction with its result."""

    @property
    def game_id(self) -> str: ...
    @property
    def predicted_points(self) -> float: ...
    @property
    def actual_points(self) -> float: ...
    @property
    def inside80(self) -> float: ...
    @property
    def log_loss(self) -> float | None: ...


Pair = tuple[Judged, Judged]


class Unjudged(InvalidInput):
    """The dates do not allow a judgement: a fit has seen them, or they have too few games."""


class Limits(Struct, frozen=True):
    """How much worse a model may be than the one that it is compared with; the settings of these names.

    Attributes:
        gate_error_points: of the upper end of the interval of the difference of errors.
        gate_log_loss: of the difference of log losses at the line.
        gate_interval_pct: percentage points by which the share inside the 80 % interval may be further from 80.
        gate_min_rows: player-games, below which nothing is judged; of those with a line, the log loss.
    """

    gate_error_points: float
    gate_log_loss: float
    gate_interval_pct: float
    gate_min_rows: int


class Compared(Struct, frozen=True):
    """One system on one population; differences are the new model's less the other's, intervals of 95 % by games.

    Attributes:
        mae: of the new model, and of the other.
        decided: rows with a line that was not a push; the log losses are theirs.
        interval80: percent of results inside the 80 % interval.
        lacking: player-games that the other model predicts and the new one does not.
    """

    system_id: str
    population: str
    rows: int
    mae: tuple[float, float]
    error: Figure
    decided: int
    log_loss: tuple[float | None, float | None]
    log_loss_difference: Figure
    interval80: tuple[float, float]
    lacking: int = 0


class Gate(Struct, frozen=True):
    """A comparison and its verdict.

    Attributes:
        problems: why the new model does not pass; empty if it does.
        remarks: what was left out of the data, and what was not judged.
    """

    first: date
    last: date
    new: Artefact
    against: Artefact
    limits: Limits
    compared: tuple[Compared, ...]
    problems: tuple[str, ...]
    remarks: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """`pass` or `fail`."""
        return "fail" if self.problems else "pass"

    def as_dict(self) -> dict[str, Any]:
        """The comparison as JSON values."""
        return {
            "verdict": self.verdict,
            "problems": list(self.problems),
            "window": {"from": self.first.isoformat(), "to": self.last.isoformat()},
            "new": _named(self.new),
            "against": _named(self.against),
            "limits": asdict(self.limits),
            "remarks": list(self.remarks),
            "compared": [rounded(asdict(each)) for each in self.compared],
        }


def gate(
    folder: DataFolder,
    new: Artefact,
    against: Artefact,
    limits: Limits,
    first: date | None = None,
    last: date | None = None,
    *,
    zones: Zones = Zones.ARRIVED,
) -> Gate:
    """Compare a model with another on player-games that neither has seen, and judge it.

    Args:
        first: by default the day after the later fit.
        last: by default the last date of the data.
        zones: the shot zones known; by default those that had arrived at tip-off.

    Raises:
        Unjudged: the dates overlap a fit, or there is too little data.
        InvalidInput: the models are not of one kind.
    """
    begin, end = window(folder, new, against, first, last)
    if lacking := sorted(against.models.keys() - new.models.keys()):
        raise InvalidInput(
            "NEW", f"an artefact of every system that {against.hash} has; {new.hash} has no {', '.join(lacking)}"
        )
    known = as_served(folder) if new.feature_version == SERVED_VERSION else folder
    remarks: Counter[str] = Counter()
    played = [
        _of_version(sample, new.feature_version)
        for sample in samples(known, end, zones=zones, wanted=established, remarks=remarks)
        if sample.day >= begin and eligible(sample.inputs)
    ]
    if len(played) < limits.gate_min_rows:
        raise Unjudged(
            "to",
            f"at least {limits.gate_min_rows} player-games of players with a history from {begin} to {end} "
            f"(REGEN_GATE_MIN_ROWS); found {len(played)}",
        )
    compared = compare(played, openings(known), new, against)
    said = [f"{number} {what}" for what, number in sorted(remarks.items())]
    said += [
        f"{one.system_id}: log loss is not judged on {one.decided} lines, fewer than {limits.gate_min_rows}"
        for one in compared
        if one.population == ALL and one.decided < limits.gate_min_rows
    ]
    return Gate(begin, end, new, against, limits, compared, tuple(problems(compared, limits)), tuple(said))


def window(
    folder: DataFolder, new: Artefact, against: Artefact, first: date | None = None, last: date | None = None
) -> tuple[date, date]:
    """The dates to compare on, all of which are after both fits.

    Raises:
        Unjudged: they are not, or there is none.
        InvalidInput: the models are for different features.
    """
    if new.feature_version != against.feature_version:
        raise InvalidInput(
            "NEW",
            f"a model for features {against.feature_version}, as {against.hash} is; {new.hash} is for "
            f"{new.feature_version}",
        )
    later = max((new, against), key=lambda one: one.last_date)
    begin = first or date.fromisoformat(later.last_date) + timedelta(days=1)
    end = last or max((log.game_date for log in folder.logs), default=begin)
    for one in (later, new, against):
        if begin.isoformat() <= one.last_date:
            how = "overlap" if end.isoformat() >= one.first_date else "are before"
            raise Unjudged(
                "from",
                f"a date after {later.last_date}: the dates from {begin} to {end} {how} the fit of {one.hash} "
                f"on games from {one.first_date} to {one.last_date}",
            )
    if end < begin:
        raise Unjudged("to", f"a date with games after both fits, from {begin} on; the last one is {end}")
    return begin, end


def compare(
    played: Sequence[Sample], opened: Mapping[tuple[date, str, str], float], new: Artefact, against: Artefact
) -> tuple[Compared, ...]:
    """Every system on every population, by the same player-games."""
    of_new, of_other = (_by_key(played, opened, artefact) for artefact in (new, against))
    found = []
    for system_id in dict.fromkeys(key[0] for key in of_other if key[0] not in member_ids()):
        own = [key for key in of_other if key[0] == system_id]
        pairs = [(of_new[key], of_other[key]) for key in own if key in of_new]
        for population, belongs in POPULATIONS.items():
            chosen = [pair for pair in pairs if belongs(pair[1])]
            lacking = sum(key not in of_new and belongs(of_other[key]) for key in own)
            if chosen or lacking:
                found.append(compared(system_id, population, chosen, lacking))
    return tuple(found)


def problems(compared: Sequence[Compared], limits: Limits) -> Iterator[str]:
    """Why a model does not pass: each system is judged on all the player-games that it predicts."""
    for one in (each for each in compared if each.population == ALL):
        if one.lacking:
            yield f"{one.system_id}: no prediction for {one.lacking} player-games that the other model predicts"
        if one.rows and (one.error.high is None or one.error.high > limits.gate_error_points):
            high = "unknown" if one.error.high is None else f"{one.error.high:+.3f}"
            yield (
                f"{one.system_id}: the upper end of the difference of errors is {high} points, "
                f"above {limits.gate_error_points:g}"
            )
        loss = one.log_loss_difference.value
        if one.decided >= limits.gate_min_rows and loss is not None and loss > limits.gate_log_loss:
            yield f"{one.system_id}: log loss at the line is worse by {loss:.4f}, more than {limits.gate_log_loss:g}"
        further = abs(one.interval80[0] - AIM) - abs(one.interval80[1] - AIM)
        if one.rows and further > limits.gate_interval_pct:
            yield (
                f"{one.system_id}: {one.interval80[0]:.1f} % inside the 80 % interval instead of "
                f"{one.interval80[1]:.1f} %: further from 80 by more than {limits.gate_interval_pct:g}"
            )


def _by_key(
    played: Sequence[Sample], opened: Mapping[tuple[date, str, str], float], artefact: Artefact
) -> dict[tuple[str, str, str], Scored]:
    rows = (row for _, scored in scores_of(artefact, played, opened) for row in scored)
    return {(row.system_id, row.game_id, row.player_lookup): row for row in rows}


def compared(system_id: str, population: str, pairs: Sequence[Pair], lacking: int) -> Compared:
    """One system on one population, from pairs of the new model's prediction and the other's."""
    errors = [
        (abs(new.predicted_points - new.actual_points), abs(old.predicted_points - old.actual_points))
        for new, old in pairs
    ]
    losses = [(new, new.log_loss, old.log_loss) for new, old in pairs]
    decided = [(row, one, other) for row, one, other in losses if one is not None and other is not None]
    return Compared(
        system_id=system_id,
        population=population,
        rows=len(pairs),
        mae=(_mean([one for one, _ in errors]) or 0.0, _mean([other for _, other in errors]) or 0.0),
        error=mean_by_game([(pair[0], one - other) for pair, (one, other) in zip(pairs, errors, strict=True)]),
        decided=len(decided),
        log_loss=(_mean([one for _, one, _ in decided]), _mean([other for _, _, other in decided])),
        log_loss_difference=mean_by_game([(row, one - other) for row, one, other in decided]),
        interval80=(
            100.0 * (_mean([new.inside80 for new, _ in pairs]) or 0.0),
            100.0 * (_mean([old.inside80 for _, old in pairs]) or 0.0),
        ),
        lacking=lacking,
    )


def _of_version(sample: Sample, version: str) -> Sample:
    if sample.inputs.feature_version == version:
        return sample
    return replace(sample, inputs=replace(sample.inputs, feature_version=version))


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _named(artefact: Artefact) -> dict[str, str]:
    return {
        "hash": artefact.hash,
        "feature_version": artefact.feature_version,
        "first_date": artefact.first_date,
        "last_date": artefact.last_date,
    }
