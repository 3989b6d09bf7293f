"""Evaluation of every system on dates after those that it was fitted on, compared with simple baselines.

The inputs come from `player_inputs` and the estimates from the registry, as in the worker.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from regen.data.csvs import DataFolder, folder_of
from regen.domain.errors import InvalidInput
from regen.domain.estimate import Estimate
from regen.domain.inputs import PlayerInputs
from regen.domain.lines import consensus, sound_lines
from regen.systems import estimate_all, systems
from regen.systems.artefact import Artefact
from regen.systems.line_blend import LineBlend
from regen.systems.linear import known
from regen.training.at_line import AtLine, at_line
from regen.training.dataset import Sample, samples
from regen.training.measuring import EXPONENTIAL, Estimated, Row, measure
from regen.training.scoring import Scored, score
from regen.training.train import design, established, fit
from regen.training.trust import Offer, offer_of
from regen.training.zones import Zones

MIN_GAMES = 10
MIN_MINUTES = 10.0
"""The players whom the figures cover: least number of earlier games, and least exponentially weighted mean (12) of minutes."""
WEEK = timedelta(days=7)
BASELINES = {
    "last 5": "points_avg_last_5",
    "last 10": "points_avg_last_10",
    "season mean": "points_avg_season",
    EXPONENTIAL: "points_ew_12",
}
LINE_ROW = "bookmaker line"
READS_LINE = frozenset({LineBlend.system_id})


class Evaluation(Struct, frozen=True):
    """The measured rows, and the data that they were measured on.

    Attributes:
        trained_until: the last date of the (first) fit's data.
        artefacts: hashes of the fits used, in order.
        zones: the shot zones known, in the fit and in the figures.
        remarks: counts of the data left out.
        scored: every estimate with its scores.
        at_line: figures at the lines that the rows are against.
    """

    first: date
    last: date
    refit: str
    trained_until: str
    artefacts: tuple[str, ...]
    rows: tuple[Row, ...]
    zones: Zones = Zones.ARRIVED
    remarks: tuple[str, ...] = ()
    scored: tuple[Scored, ...] = ()
    at_line: tuple[AtLine, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The evaluation as JSON values."""
        return {
            "window": {"from": self.first.isoformat(), "to": self.last.isoformat()},
            "refit": self.refit,
            "zones": self.zones.value,
            "remarks": list(self.remarks),
            "trained_until": self.trained_until,
            "artefacts": list(self.artefacts),
            "eligible": {"min_games": MIN_GAMES, "min_minutes": MIN_MINUTES},
            "systems": [row.as_dict() for row in self.rows],
            "at_line": [figures.as_dict() for figures in self.at_line],
        }

    def to_json(self) -> str:
        """The evaluation as JSON text."""
        return to_json([self])


def to_json(evaluations: Sequence[Evaluation]) -> str:
    """The first evaluation as JSON text; if there are several, with the systems of each by its shot zones."""
    body = evaluations[0].as_dict()
    if len(evaluations) > 1:
        body["by_zones"] = {each.zones.value: each.as_dict()["systems"] for each in evaluations}
    return json.dumps(body, indent=1, allow_nan=False) + "\n"


def evaluate(
    data: DataFolder | Path | str,
    first: date,
    last: date,
    *,
    refit: str = "none",
    artefact: Artefact | None = None,
    zones: Zones = Zones.ARRIVED,
) -> Evaluation:
    """Predict every played player-game of the window from the data known before it.

    Args:
        data: the data folder, or its path.
        first: first date of the window; the fit uses earlier dates only.
        last: last date of the window.
        refit: `none`, or `weekly`: fit again for every seven days, on all dates before them.
        artefact: an artefact to use instead of a fit; refused if its data includes dates of the window.
        zones: the shot zones known; by default those that had arrived at tip-off.

    Raises:
        InvalidInput: the window is empty, or the artefact's data includes dates of it.
    """
    if last < first:
        raise InvalidInput("to", f"a date not before {first}")
    if refit not in {"none", "weekly"}:
        raise InvalidInput("refit", "none or weekly")
    if artefact is not None and artefact.last_date >= first.isoformat():
        raise InvalidInput("from", f"a date after {artefact.last_date}, the last of the artefact's data")
    remarks: Counter[str] = Counter()
    folder = folder_of(data)
    everything = list(samples(folder, last, zones=zones, wanted=established, remarks=remarks))
    opened = openings(folder)
    estimated: list[Estimated] = []
    scored: list[Scored] = []
    used: list[Artefact] = []
    for start, end, fitted in _fits(everything, first, last, refit, artefact):
        used.append(fitted)
        chosen = [sample for sample in everything if start <= sample.day < end and eligible(sample.inputs)]
        for one, own in scores_of(fitted, chosen, opened):
            estimated.append(one)
            scored += own
    if not estimated:
        raise InvalidInput("from", "a window with games of players who have a history")
    rows = measure(estimated)
    counted = tuple(f"{number} {what}" for what, number in sorted(remarks.items()))
    hashes = tuple(a.hash for a in used)
    return Evaluation(
        first, last, refit, used[0].last_date, hashes, rows, zones, counted, tuple(scored), at_line(scored)
    )


def scores_of(
    fitted: Artefact, chosen: Iterable[Sample], opened: Mapping[tuple[date, str, str], float]
) -> Iterator[tuple[Estimated, list[Scored]]]:
    """Every player-game as the artefact's systems estimate it, with the scores of each.

    Args:
        opened: the opening lines, as `openings` finds them.
    """
    run = systems(None, fitted)
    for sample in chosen:
        estimates, _ = estimate_all(run, sample.inputs)
        offer = offer_of(sample.inputs)
        opening = opened.get((sample.day, sample.inputs.player_lookup, offer.bookmaker)) if offer else None
        yield (
            _estimated(sample, estimates, offer),
            score(sample, estimates, offer, opening, READS_LINE, fitted.hash),
        )


def eligible(inputs: PlayerInputs) -> bool:
    """Whether the figures cover this player."""
    games, minutes = known(inputs, "games_known") or 0.0, known(inputs, "minutes_ew_12") or 0.0
    return games >= MIN_GAMES and minutes >= MIN_MINUTES


def _fits(
    everything: Sequence[Sample], first: date, last: date, refit: str, artefact: Artefact | None
) -> Iterator[tuple[date, date, Artefact]]:
    end = last + timedelta(days=1)
    if artefact is not None:
        yield first, end, artefact
        return
    matrices = design(everything)
    start = first
    while start < end:
        stop = min(start + WEEK, end) if refit == "weekly" else end
        yield start, stop, fit(matrices.before(start))
        start = stop


def openings(folder: DataFolder) -> dict[tuple[date, str, str], float]:
    """The first line of each date, player and bookmaker that was seen at more than one time."""
    first: dict[tuple[date, str, str], tuple[datetime, float]] = {}
    again: set[tuple[date, str, str]] = set()
    for row in folder.lines:
        if row.captured_at is None:
            continue
        key = (row.game_date, row.player_lookup, row.bookmaker)
        seen = first.setdefault(key, (row.captured_at, row.line))
        if row.captured_at != seen[0]:
            again.add(key)
            first[key] = min(seen, (row.captured_at, row.line))
    return {key: first[key][1] for key in again}


def _estimated(sample: Sample, estimates: Mapping[str, Estimate], offer: Offer | None) -> Estimated:
    inputs = sample.inputs
    plain = {name: value for name, feature in BASELINES.items() if (value := known(inputs, feature)) is not None}
    lines = sound_lines(inputs)
    line = consensus(lines) if lines else None
    if line is not None:
        plain[LINE_ROW] = line
    form = known(inputs, "points_ew_12") or 0.0
    return Estimated(
        sample.day.toordinal(), float(sample.points), line, float(np.floor(form)) + 0.5, plain, dict(estimates), offer
    )
