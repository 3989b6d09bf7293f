"""The prediction of one player with every system and line: from inputs to an outcome."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import Struct

from regen.domain import ids
from regen.domain.errors import InsufficientData
from regen.domain.estimate import Estimate, System, in_plain_types, refusal
from regen.domain.feature_versions import FeatureVersions
from regen.domain.inputs import PlayerInputs
from regen.domain.lines import chosen_lines, price_edge
from regen.domain.outcome import Outcome, OutcomeKind, Prediction, Provenance
from regen.domain.recommendation import advise
from regen.domain.soundness import flaw, is_name, is_text, plain
from regen.domain.tip_off import before_start, inputs_as_of, minutes_before
from regen.domain.values import replace

MAX_WARNINGS = 20


class Naming(Struct, frozen=True):
    """The parts from which the ids of a batch's predictions are derived."""

    batch_id: str
    round: int


class Gate(Struct, frozen=True):
    """Which inputs are predicted. It fails closed (I-52): an outcome with its reason, never a default for the unknown.

    Attributes:
        versions: of features; None lets any through.
        min_quality: of the feature row, 0 to 100.
    """

    versions: FeatureVersions | None
    min_quality: float

    def closed(self, inputs: PlayerInputs) -> tuple[OutcomeKind, str, str | None] | None:
        """The outcome, reason and error of a player whom it does not let through."""
        if inputs.injury_status.lower() == "out":
            return OutcomeKind.SKIPPED, "out", None
        if self.versions is not None and inputs.feature_version not in self.versions.accepted:
            text = f"features are of version {inputs.feature_version}, the systems expect {self.versions.expected()}"
            return OutcomeKind.FAILED, "feature_version_mismatch", text
        if inputs.feature_quality < self.min_quality:
            text = f"feature quality {inputs.feature_quality:g} is below {self.min_quality:g}"
            return OutcomeKind.SKIPPED, "low_quality", text
        if not inputs.recent_games:
            return OutcomeKind.SKIPPED, "no_history", None
        return None


def predict_player(
    inputs: PlayerInputs,
    systems: Sequence[System],
    wanted: Collection[str],
    gate: Gate,
    naming: Naming,
) -> Outcome:
    """Predict one player with every system. Any error becomes the outcome of this player only.

    Lines seen after the start are left out here too: a request of an earlier release may hold them.

    Args:
        systems: in the order of the registry, ensembles last, including those whose estimates an ensemble reads.
        wanted: ids of the systems that produce rows.
        gate: the conditions that a player's inputs must meet.
    """
    if problem := flaw(inputs):
        return _unfit(inputs, problem, naming)
    try:
        inputs = before_start(inputs)
        return _predicted(inputs, systems, wanted, gate, naming)
    except Exception as error:  # noqa: BLE001 - an unforeseen error is this player's outcome, never the request's (P10)
        return unfit(inputs.player_lookup, _why(error), naming.round, inputs.game_id)


def unfit(player: str, problem: str, round_: int, game_id: object = "") -> Outcome:
    """The outcome of a player whose inputs cannot be used; the problem names the field."""
    reason = "invalid_features" if problem.startswith("feature") else "invalid_inputs"
    game = str(game_id) if is_text(game_id) else ""
    return Outcome(str(player), game, OutcomeKind.FAILED, reason=reason, error=plain(problem), round=round_)


def _unfit(inputs: PlayerInputs, problem: str, naming: Naming) -> Outcome:
    """`unfit`, with the provenance where only the features are unsound."""
    bare = unfit(inputs.player_lookup, problem, naming.round, inputs.game_id)
    rest = replace(inputs, features={}, feature_quality=0.0)
    if flaw(rest):
        return bare
    return replace(_outcome(rest, naming, OutcomeKind.FAILED), reason=bare.reason, error=bare.error)


def _predicted(
    inputs: PlayerInputs,
    systems: Sequence[System],
    wanted: Collection[str],
    gate: Gate,
    naming: Naming,
) -> Outcome:
    if closed := gate.closed(inputs):
        kind, reason, error = closed
        return _outcome(inputs, naming, kind, reason=reason, error=error)
    estimates: dict[str, Estimate] = {}
    problems: dict[str, str] = {}
    lacking: list[str] = []
    for system in systems:
        try:
            estimate = system.estimate(inputs, estimates)
            if problem := refusal(estimate):
                problems[system.system_id] = plain(problem)
                continue
            estimates[system.system_id] = in_plain_types(estimate)
        except InsufficientData as error:
            problems[system.system_id] = reason = error.reason if is_name(error.reason) else _why(error)
            lacking.append(reason)
        except Exception as error:  # noqa: BLE001 - a system's defect is this player's outcome, never the request's (P10)
            problems[system.system_id] = _why(error)
    problems = {name: problem for name, problem in problems.items() if name in wanted}
    if not estimates.keys() & set(wanted):
        if problems and all(p in lacking for p in problems.values()):
            reason = "no_history" if "no_history" in lacking else lacking[0]
            return _outcome(inputs, naming, OutcomeKind.SKIPPED, reason=reason, problems=problems)
        first = next(iter(problems.values()), "no system was requested")
        return _outcome(inputs, naming, OutcomeKind.FAILED, reason="system_error", error=first, problems=problems)
    rows = _rows(inputs, [s for s in systems if s.system_id in estimates and s.system_id in wanted], estimates, naming)
    return _outcome(inputs, naming, OutcomeKind.PRODUCED, rows=rows, problems=problems)


def _why(error: Exception) -> str:
    """An error's text in a form that every store accepts: no NUL, no lone surrogate."""
    try:
        return plain(f"{type(error).__name__}: {error}"[:300])
    except Exception:  # noqa: BLE001 - an error that cannot say what it is still has a type
        return type(error).__name__


def _rows(
    inputs: PlayerInputs, systems: Sequence[System], estimates: dict[str, Estimate], naming: Naming
) -> tuple[Prediction, ...]:
    chosen = chosen_lines(inputs)
    rows: list[Prediction] = []
    warnings = _few((*inputs.warnings, *chosen.warnings))
    for system in systems:
        estimate = estimates[system.system_id]
        for line in chosen.lines or (None,):
            advice = advise(estimate, *((None,) if line is None else (line.value, chosen.market(line))))
            rows.append(
                Prediction(
                    prediction_id=ids.prediction_id(
                        naming.batch_id,
                        naming.round,
                        inputs.player_lookup,
                        inputs.game_id,
                        system.system_id,
                        None if line is None else line.value,
                    ),
                    system_id=system.system_id,
                    version=system.version,
                    points=advice.predicted_points,
                    sd=round(estimate.sd, 3),
                    confidence=round(advice.confidence, 2),
                    recommendation=advice.recommendation.value,
                    line=None if line is None else line.value,
                    bookmaker=None if line is None else line.bookmaker,
                    over_probability=advice.over,
                    filter_reason=advice.filter_reason,
                    factors=estimate.factors,
                    warnings=(*_few(estimate.warnings), *warnings),
                    price_edge=price_edge(advice, line),
                    line_minutes=None if line is None else minutes_before(line.captured_at, inputs.game_start),
                    is_fallback=line is not None and line.is_fallback,
                    line_source=None if line is None else line.source,
                )
            )
    return tuple(rows)


def _few(warnings: tuple[str, ...]) -> tuple[str, ...]:
    """The first warnings, and the number of the rest: each of the player's rows carries them."""
    if len(warnings) <= MAX_WARNINGS:
        return warnings
    return (*warnings[:MAX_WARNINGS], f"{len(warnings) - MAX_WARNINGS} more warnings")


def _outcome(
    inputs: PlayerInputs,
    naming: Naming,
    kind: OutcomeKind,
    *,
    reason: str | None = None,
    error: str | None = None,
    rows: tuple[Prediction, ...] = (),
    problems: dict[str, str] | None = None,
) -> Outcome:
    return Outcome(
        player_lookup=inputs.player_lookup,
        game_id=inputs.game_id,
        kind=kind,
        reason=reason,
        error=error,
        predictions=rows,
        system_problems=problems or {},
        provenance=Provenance(
            inputs_hash=inputs.inputs_hash(),
            feature_version=inputs.feature_version,
            feature_hash=inputs.feature_hash,
            feature_quality=inputs.feature_quality,
            feature_count=sum(v is not None for v in inputs.features.values()),
            data_source_tier=str(inputs.data_source_tier),
            shot_zones_source=inputs.shot_zones_source,
            injury_status=inputs.injury_status,
            history_games=len(inputs.recent_games),
            team=inputs.team,
            opponent=inputs.opponent,
            inputs_as_of=as_of.value if (as_of := inputs_as_of(inputs)) else None,
            features_built_at=inputs.features_built_at.isoformat() if inputs.features_built_at else None,
            shot_zones_hash=inputs.shot_zones_hash,
        ),
        game_start=inputs.game_start.isoformat() if inputs.game_start else None,
        round=naming.round,
    )
