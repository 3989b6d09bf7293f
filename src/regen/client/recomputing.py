"""A prediction computed again: from the inputs that were kept, with the artefact that its row names, by the worker's code."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from regen.api.kept import artefact_name, folder_of, unpacked
from regen.api.packed_inputs import unpack_inputs
from regen.client.alike import Pair, alike
from regen.client.errors import NothingFound
from regen.client.reader import Record
from regen.client.wording import plain
from regen.domain.batch import Batch, Kind, Status
from regen.domain.inputs import PlayerInputs
from regen.domain.models import is_hash
from regen.domain.outcome import Outcome, Prediction
from regen.domain.predict import Gate, Naming, predict_player
from regen.domain.result_rows import prediction_row
from regen.systems import load_artefact, systems, with_members
from regen.systems.artefact import SHIPPED, Artefact, ArtefactRefused, parse_artefact, shipped_texts

if TYPE_CHECKING:
    from regen.ports import Archive

UNLIKE = frozenset(
    {
        "prediction_id",
        "prediction_version",
        "game_date",
        "is_active",
        "batch_id",
        "retrospective",
        "code_version",
        "inputs_hash",
    }
)
"""Columns that are no value: they name the row, say when it was made, or stand beside the values."""
AS_TEXT = frozenset({"key_factors", "warnings"})
"""Columns that the statement reads as JSON texts."""
SAME, OTHER, WITHOUT = "same", "differs", "not_predicted"


class Recomputed(Struct, frozen=True):
    """A row, computed again.

    Attributes:
        kept_in: the archive's object that the inputs are from.
        values: by column; without those that the row does not have, because its release did not write them.
        verdict: `same`; `differs`; or `not_predicted`, if this code predicts no such row from these inputs.
        why: what is another than it was, in words; empty if the values are the same.
        problem: why nothing was predicted.
    """

    row: Record
    kept_in: str
    code: Pair
    artefact: Pair
    inputs: Pair
    values: Mapping[str, Pair]
    verdict: str
    why: tuple[str, ...] = ()
    problem: str | None = None


def recompute(
    row: Record, archive: Archive, code_version: Callable[[], str], models: Archive | None = None
) -> Recomputed:
    """Compute a row again.

    Args:
        row: of the statement `explain_row`.
        models: the store of published models, if there is one.
        code_version: gives that of the code that runs here.

    Raises:
        NothingFound: its inputs are not in the archive.
        Unreadable: an object of the archive is not what was written.
    """
    if not row["batch_id"] or not row["inputs_hash"]:
        raise NothingFound(
            f"{row['prediction_id']} was not made by regen: it names no batch and no inputs", _shown(row)
        )
    artefact = _artefact(row, archive, models)
    attempts = [_attempt(row, artefact, *found) for found in _inputs(row, archive)]
    if not attempts:
        raise NothingFound(
            f"the inputs of {row['player_lookup']} in {row['batch_id']} are not kept: "
            "nothing of this batch is in the archive, or not this player",
            _shown(row),
        )
    # A player of several rounds has several inputs: those of the row have its hash; else the last round's are the best guess.
    chosen = next((a for a in attempts if a.inputs_hash == row["inputs_hash"]), attempts[-1])
    return _judged(row, chosen, artefact, code_version())


def _shown(row: Record) -> str:
    return f"regen show {row['game_date']} --player {row['player_lookup']}"


class _Attempt(Struct, frozen=True):
    kept_in: str
    outcome: Outcome
    prediction: Prediction | None

    @property
    def inputs_hash(self) -> str | None:
        return self.outcome.provenance.inputs_hash if self.outcome.provenance else None


def _inputs(row: Record, archive: Archive) -> Iterator[tuple[str, int, PlayerInputs]]:
    """The player's inputs in the archive, by round: object, round and inputs."""
    day = date.fromisoformat(str(row["game_date"]))
    found: list[tuple[str, int, PlayerInputs]] = []
    for name in archive.names(folder_of(day, str(row["batch_id"]))):
        kept = unpacked(name, archive.read(name) or b"")
        for request in kept.requests:
            if row["player_lookup"] in request.players:
                mine = (i for i in unpack_inputs(request.inputs) if i.player_lookup == row["player_lookup"])
                found += [(name, kept.round, inputs) for inputs in mine if isinstance(inputs, PlayerInputs)]
    yield from sorted(found, key=lambda one: one[1])


def _kept(artefact_hash: str, *stores: Archive | None) -> str:
    found = (store.read(artefact_name(artefact_hash)) for store in stores if store)
    return next((content for content in found if content), b"").decode("utf-8", "replace")


def _artefact(row: Record, archive: Archive, models: Archive | None) -> Artefact | None:
    """The artefact that the row names: of this release, or published, or kept; None if it is nowhere."""
    named = row["ml_model_id"]
    if not named or not is_hash(str(named)):  # a system of another package has numbers of its own
        return None
    text = shipped_texts().get(str(named)) or _kept(str(named), archive, models)
    try:
        return parse_artefact(text) if text else None
    except ArtefactRefused:  # of a format, or for features, that this release does not know
        return None


def _attempt(row: Record, artefact: Artefact | None, name: str, round_: int, inputs: PlayerInputs) -> _Attempt:
    wanted = (str(row["system_id"]),)
    used = artefact or load_artefact(
        feature_version=inputs.feature_version if inputs.feature_version in SHIPPED else next(iter(SHIPPED))
    )
    # What was open to the row then is not asked again: limits of quality are a deployment's settings.
    outcome = predict_player(
        inputs,
        systems(with_members(wanted), used),
        wanted,
        Gate(None, 0.0),
        Naming(str(row["batch_id"]), round_),
    )
    # A restored row has an id of its own; of one system a player has one row for each line.
    line = row["current_points_line"]
    return _Attempt(name, outcome, next((p for p in outcome.predictions if alike(p.line, line)), None))


def _judged(row: Record, attempt: _Attempt, artefact: Artefact | None, code_version: str) -> Recomputed:
    now = _row(row, attempt, code_version)
    values = {name: Pair(_then(row, name), plain(now[name])) for name in now if name not in UNLIKE}
    code = Pair(row["code_version"], code_version)
    model = Pair(row["ml_model_id"], now.get("ml_model_id") or (artefact.hash if artefact else None))
    inputs = Pair(row["inputs_hash"], attempt.inputs_hash)
    # A column that is empty in the row of another release may have come with a later one.
    compared = [p for p in values.values() if code.same or p.then is not None]
    verdict = WITHOUT if attempt.prediction is None else SAME if all(p.same for p in compared) else OTHER
    why = () if verdict == SAME else tuple(_reasons(code, model, inputs))
    problem = None if attempt.prediction else _problem(row, attempt.outcome)
    return Recomputed(row, attempt.kept_in, code, model, inputs, values, verdict, why, problem)


def _then(row: Record, name: str) -> object:
    return json.loads(row[name]) if name in AS_TEXT and row[name] else row[name]


def _reasons(code: Pair, artefact: Pair, inputs: Pair) -> Iterator[str]:
    if not inputs.same:
        yield f"the inputs are others: their hash was {inputs.then}, of those kept it is {inputs.now}"
    if not artefact.same:
        yield f"the artefact is another: {artefact.then} is neither in this release nor in the archive"
    if not code.same:
        yield f"the code is another: {code.then} made the row, this is {code.now}"
    if inputs.same and artefact.same and code.same:
        yield "code, artefact and inputs are the same: this should not be; compare the machines"


def _problem(row: Record, outcome: Outcome) -> str:
    if outcome.predictions:
        lines = ", ".join(str(p.line) for p in outcome.predictions)
        return f"predicted at other lines: {lines}"
    return outcome.system_problems.get(str(row["system_id"])) or outcome.error or outcome.reason or "no prediction"


def _row(row: Record, attempt: _Attempt, code_version: str) -> Record:
    """The row as the verifier would stage it."""
    if attempt.prediction is None:
        return {}
    at = datetime.fromtimestamp(0, UTC)
    batch = Batch(
        batch_id=str(row["batch_id"]),
        kind=Kind.REGENERATION,
        game_date=date.fromisoformat(str(row["game_date"])),
        reason="",
        status=Status.PROMOTED,
        triggered_by="",
        created_at=at,
        updated_at=at,
        deadline=at,
        expires_at=at,
        thresholds={},
        min_minutes=0.0,
        code_version=code_version,
    )
    return prediction_row(batch, attempt.outcome, attempt.prediction, at)


def as_record(found: Recomputed) -> dict[str, object]:
    """The result as JSON has it."""
    row = found.row
    named = ("prediction_id", "player_lookup", "game_date", "game_id", "system_id", "batch_id", "created_at")
    pairs = {"code_version": found.code, "artefact": found.artefact, "inputs_hash": found.inputs}
    return {
        **{name: row[name] for name in named},
        "line": row["current_points_line"],
        "verdict": found.verdict,
        "why": list(found.why),
        "problem": found.problem,
        "kept_in": found.kept_in,
        **{name: {"then": pair.then, "now": pair.now, "same": pair.same} for name, pair in pairs.items()},
        "values": [
            {"column": name, "then": pair.then, "now": pair.now, "same": pair.same}
            for name, pair in found.values.items()
        ],
    }
