"""The watch on live quality: after a grading, the figures of the last days are measured, kept, and held against their limits."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import date

from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.dates import eastern_today
from regen.domain.grading import Graded
from regen.domain.quality import Limits, Measure, Quality, measured, window_of
from regen.services.state.alert_records import end, open_alerts, raise_anew
from regen.services.state.deps import Config, Deps

log = logging.getLogger(__name__)
ON = "on"
KINDS: Mapping[Measure, AlertKind] = {
    Measure.MAE: AlertKind.QUALITY_DRIFT,
    Measure.BIAS: AlertKind.QUALITY_BIAS,
    Measure.HIT_RATE: AlertKind.QUALITY_DRIFT,
    Measure.CALIBRATION: AlertKind.QUALITY_DRIFT,
    Measure.OVER_SHARE: AlertKind.QUALITY_SKEW,
    Measure.LINED: AlertKind.QUALITY_LINES,
    Measure.RISE: AlertKind.QUALITY_DRIFT,
}
"""The alert about each figure."""
WORDS: Mapping[Measure, tuple[str, str]] = {
    Measure.MAE: ("mean absolute error", " points"),
    Measure.BIAS: ("bias", " points"),
    Measure.HIT_RATE: ("hit rate", " %"),
    Measure.CALIBRATION: ("probability of OVER too high by", " points of percent"),
    Measure.OVER_SHARE: ("share of OVER", " %"),
    Measure.LINED: ("share with a line", " %"),
    Measure.RISE: ("error above that of the dates before by", " %"),
}
"""Name and unit of each figure."""
ALL = "all"
"""The subject of lost lines: a line is the slate's, and no system's."""
Subject = tuple[AlertKind, str]


def watch(deps: Deps, graded: Sequence[Graded]) -> list[Quality]:
    """Measure live quality, if a grading may have changed it.

    A repetition, of a redelivered message for example, replaces the rows of its date and raises nothing twice.

    Args:
        graded: what the grading brought.

    Returns:
        The figures; none if nothing was measured.

    Raises:
        Unavailable: BigQuery or Firestore does not answer.
        Conflict: other gradings held the lock all the time.
    """
    now = deps.clock.now()
    first, last = window_of(eastern_today(now))
    if deps.config.quality_watch != ON or not any(d.graded and first <= d.game_date <= last for d in graded):
        return []
    known = limits(deps.config)
    found = measured(deps.books.quality(first, last), last, known)
    deps.books.keep_quality(last, found, now)
    _tell(deps, last, [one for one in found if one.system_id not in deps.config.retired_systems], known)
    return found


def limits(config: Config) -> Limits:
    """The limits of this deployment."""
    return Limits(
        mae=config.quality_mae_points,
        bias=config.quality_bias_points,
        hit_pct=config.quality_hit_pct,
        calibration_pct=config.quality_calibration_pct,
        skew_pct=config.quality_skew_pct,
        lined_pct=config.quality_lined_pct,
        rise_pct=config.quality_rise_pct,
    )


def _tell(deps: Deps, as_of: date, found: Sequence[Quality], known: Limits) -> None:
    """Raise an alert for each system and kind that has none open; end those whose figures are all within their limits."""
    sure: dict[Subject, list[str]] = {}
    outside: set[str] = set()
    for one in found:
        for measure in one.beyond:
            sure.setdefault(_subject(one, measure), []).append(said(one, measure, known))
        outside |= {_key(_subject(one, measure)) for measure in one.outside}
    opened = {alerts[-1].record.key: alerts for alerts in open_alerts(deps)}
    for subject, texts in sure.items():
        if _key(subject) not in opened:
            _raise(deps, as_of, subject, "; ".join(texts))
    kinds = {kind.value for kind in KINDS.values()}
    for key, alerts in opened.items():
        if alerts[-1].record.type in kinds and key not in outside:
            end(deps, alerts, f"every figure is within its limits as of {as_of}")


def _raise(deps: Deps, as_of: date, subject: Subject, why: str) -> None:
    kind, name = subject
    content = alert(
        kind,
        why[:1500],
        system_id=None if name == ALL else name,
        as_of_date=as_of.isoformat(),
        dedup_key=_key(subject),
    )
    if raise_anew(deps, ids.digest("quality", kind, name, as_of, length=24), content):
        log.warning("%s", why, extra={"action": "quality", "outcome": kind.value})


def _subject(one: Quality, measure: Measure) -> Subject:
    kind = KINDS[measure]
    return kind, ALL if kind is AlertKind.QUALITY_LINES else one.system_id


def _key(subject: Subject) -> str:
    kind, name = subject
    return f"regen/{kind}/{name}"


def said(one: Quality, measure: Measure, known: Limits) -> str:
    """A figure beyond its limit, in words."""
    figure, span = one.figures[measure], known.of(measure)
    value, low, high = (_number(number) for number in (figure.value, figure.low, figure.high))
    limit = span[1] if figure.value is not None and figure.value > span[1] else span[0]
    name, unit = WORDS[measure]
    about = f"{low} to {high}, {figure.rows} rows; limit {limit:g}"
    return f"{one.system_id}: {name} {value}{unit} over {one.window_days} days ({about})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
