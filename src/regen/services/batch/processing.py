"""The worker's use case: predict one request's players, write all outcomes conditionally, check for completion."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from regen.api.packed_inputs import Unfit, unpack_inputs
from regen.domain import ids
from regen.domain.batch import WAITING, Batch
from regen.domain.errors import Conflict, InvalidInput, ModelUnavailable, Unreadable
from regen.domain.inputs import PlayerInputs
from regen.domain.outcome import Outcome, failed_outcome
from regen.domain.predict import Gate, Naming, predict_player, unfit
from regen.domain.soundness import is_name, plain
from regen.domain.values import replace
from regen.ports import Snapshot, Write
from regen.services.batch.challenging import challenge
from regen.services.batch.completion import check_completion
from regen.services.state.decoding import SCHEMA, check_schema, is_newer
from regen.services.state.deps import Deps
from regen.services.state.documents import RequestRecord, decode_batch, decode_request, encode_done
from regen.services.state.models import systems_of
from regen.services.state.packing import pack_outcomes, unpack_outcomes
from regen.services.state.paths import batch_path, request_path

MAX_OUTCOME_BYTES = 600_000
"""The document also holds the inputs, at most 400 KiB; Firestore's limit is 1 MiB."""
TRIES_TO_CLOSE = 5


def process_request(deps: Deps, batch_id: str, request_id: str, round_: int | None = None) -> str:
    """Give every player of the request an outcome.

    A message without work left costs one read, that of the batch.

    Args:
        round_: the round that the message names; None for a message of an earlier release.

    Returns:
        The result, for the log: `done`, `already_done`, `over` (the batch waits no more), `gone` (its records have
        expired) or `unknown`. In each case the message can be acknowledged.
    """
    batch_snapshot = deps.store.get(batch_path(batch_id))
    if batch_snapshot is None:
        return "gone" if ids.is_batch_id(batch_id) else "unknown"
    batch = decode_batch(batch_snapshot)
    if batch.status not in WAITING or round_ not in {None, batch.round}:
        return "over"
    snapshot = deps.store.get(request_path(batch_id, request_id))
    if snapshot is None:
        return "unknown"
    request = decode_request(snapshot)
    if request.opening != batch.openings[-1]:
        return "over"
    if request.state == "done":
        check_completion(deps, batch)
        return "already_done"
    outcomes = predict_request(deps, batch, request)
    word = "done"
    try:
        taken = _end(deps, snapshot, request, outcomes)
        if batch.challengers and taken is not None:
            challenge(deps, batch, snapshot.path, request, outcomes, taken)
    except Conflict:
        # Another delivery wrote it, or the sweep closed it at the deadline; if it is still pending, retry this delivery.
        again = deps.store.get(snapshot.path)
        if again is not None and decode_request(again).state == "pending":
            raise
        word = "already_done"
    check_completion(deps, batch)
    return word


def _end(deps: Deps, snapshot: Snapshot, request: RequestRecord, outcomes: Sequence[Outcome]) -> int | None:
    """End the request. If Firestore refuses its outcomes, its players fail: another attempt would be refused, too.

    Returns:
        The bytes that the outcomes take; None if they were refused.
    """
    write = done_write(deps, snapshot, request, outcomes)
    try:
        deps.store.commit([write])
    except InvalidInput as error:
        _fail(deps, snapshot, request, "unstorable", str(error))
        return None
    return len(write.data["outcomes"])


def _fail(deps: Deps, snapshot: Snapshot, request: RequestRecord, reason: str, error: str | None) -> None:
    """End the request with `failed(reason)` for all of its players."""
    deps.store.commit([done_write(deps, snapshot, request, _failed(request, reason, error))])


def _failed(request: RequestRecord, reason: str, error: str | None) -> list[Outcome]:
    games = _games(request)
    return [failed_outcome(p, reason, request.round, error, games.get(p, "")) for p in request.players]


def _games(request: RequestRecord) -> dict[str, str]:
    """The game of each player whose record can be read: coverage by game does not count an outcome without one."""
    games: dict[str, str] = {}
    with suppress(Unreadable):
        games |= {o.player_lookup: o.game_id for o in (unpack_outcomes(request.given) if request.given else [])}
    with suppress(Unreadable):
        games |= {each.player_lookup: each.game_id for each in unpack_inputs(request.inputs)}
    return games


def predict_request(deps: Deps, batch: Batch, request: RequestRecord) -> list[Outcome]:
    """The outcomes of a request's players. A player without inputs and without a given outcome fails (`lost_inputs`)."""
    naming = Naming(batch.batch_id, request.round)
    outcomes: list[Outcome] = []
    lost: str | None = None
    try:
        outcomes += unpack_outcomes(request.given) if request.given else []
        outcomes += [_predict(deps, batch, each, request.systems, naming) for each in unpack_inputs(request.inputs)]
    except Unreadable as error:
        lost = str(error)
    mine = set(request.players)
    outcomes = [o for o in outcomes if o.player_lookup in mine]
    known = {o.player_lookup for o in outcomes}
    left = [p for p in request.players if p not in known]
    games = _games(request) if left else {}
    return [*outcomes, *(failed_outcome(p, "lost_inputs", request.round, lost, games.get(p, "")) for p in left)]


def _predict(deps: Deps, batch: Batch, inputs: PlayerInputs | Unfit, wanted: Sequence[str], naming: Naming) -> Outcome:
    if isinstance(inputs, Unfit):
        return unfit(inputs.player_lookup, inputs.why, naming.round, inputs.game_id)
    start = time.perf_counter()
    config = deps.config
    systems = systems_of(deps, batch, wanted, inputs.feature_version)
    outcome = predict_player(inputs, systems, wanted, Gate(config.feature_versions, config.min_quality), naming)
    return replace(outcome, seconds=time.perf_counter() - start, code_version=deps.config.code_version)


def done_write(deps: Deps, snapshot: Snapshot, request: RequestRecord, outcomes: Sequence[Outcome]) -> Write:
    """The conditional write that ends a request; it fails if the request has changed since it was read."""
    outcomes, packed = _fitting(outcomes)
    data = encode_done(packed, [o.kind for o in outcomes], request.attempts + 1, deps.clock.now())
    return Write("update", snapshot.path, data, snapshot.version)


def _fitting(outcomes: Sequence[Outcome]) -> tuple[Sequence[Outcome], bytes]:
    """The outcomes and their packed form. An outcome that cannot be packed, or is too large for the document, fails."""
    try:
        packed = pack_outcomes(outcomes)
    except (TypeError, ValueError, OverflowError, RecursionError):
        outcomes = [_packable(o) for o in outcomes]
        packed = pack_outcomes(outcomes)
    if len(packed) <= MAX_OUTCOME_BYTES:
        return outcomes, packed
    for largest in sorted((o for o in outcomes if o.predictions), key=lambda o: len(pack_outcomes([o])), reverse=True):
        if len(packed) <= MAX_OUTCOME_BYTES:
            break
        why = f"{len(largest.predictions)} predictions are more than a request's document holds"
        small = failed_outcome(largest.player_lookup, "too_large", largest.round, why, largest.game_id)
        outcomes = [small if o is largest else o for o in outcomes]
        packed = pack_outcomes(outcomes)
    return outcomes, packed


def _packable(outcome: Outcome) -> Outcome:
    try:
        pack_outcomes([outcome])
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        why = f"{type(error).__name__}: its outcome cannot be stored"
        return failed_outcome(outcome.player_lookup, "unstorable", outcome.round, why, outcome.game_id)
    return outcome


def _reason(error: str | None, otherwise: str) -> str:
    """The reason of players whom no worker has predicted: the model, if that is what the last attempt lacked."""
    return "model_unavailable" if (error or "").startswith(ModelUnavailable.__name__) else otherwise


def note_failure(deps: Deps, batch_id: str, request_id: str, error: str) -> None:
    """Record why an attempt failed: the outcome quotes it if the message becomes a dead letter."""
    snapshot = deps.store.get(request_path(batch_id, request_id))
    if snapshot is None or snapshot.data.get("state") != "pending":
        return
    check_schema(snapshot.data, snapshot.path)
    attempts = snapshot.data.get("attempts")
    data = {"error": plain(error), "attempts": (attempts if isinstance(attempts, int) else 0) + 1}
    deps.store.commit([Write("update", snapshot.path, data, snapshot.version)])


def close_pending(
    deps: Deps,
    snapshots: Sequence[Snapshot],
    batch: Batch,
    reason: str,
    unreadable: Callable[[Unreadable], object],
) -> int:
    """End pending requests with `failed(reason)` for their players; one that a worker ends first keeps its outcomes.

    A request that cannot be read ends with `failed(unreadable)` for the players that it names.

    Args:
        unreadable: gets the error of each request that cannot be read.

    Returns:
        The number of requests closed.

    Raises:
        Unreadable: a newer version wrote a request, which is left unchanged; the others are closed.
    """
    closed = 0
    newer: Unreadable | None = None
    for snapshot in snapshots:
        try:
            closed += _closed(deps, snapshot, batch, reason, unreadable)
        except Unreadable as error:
            newer = error
    if newer:
        raise newer
    return closed


def _closed(deps: Deps, seen: Snapshot, batch: Batch, reason: str, unreadable: Callable[[Unreadable], object]) -> bool:
    """End a request; read it again if it has changed in between: that need not have been the worker that ends it."""
    snapshot: Snapshot | None = seen
    for _ in range(TRIES_TO_CLOSE):
        if snapshot is None:
            return False
        try:
            request = decode_request(snapshot)
        except Unreadable as error:
            unreadable(error)
            if is_newer(snapshot.data):
                raise
            write = _unreadable_write(deps, snapshot, batch, str(error))
        else:
            if request.state != "pending":
                return False
            why = _reason(request.error, reason)
            write = done_write(deps, snapshot, request, _failed(request, why, request.error))
        try:
            deps.store.commit([write])
        except Conflict:
            snapshot = deps.store.get(seen.path)
        else:
            return True
    return False


def _unreadable_write(deps: Deps, snapshot: Snapshot, batch: Batch, error: str) -> Write:
    """The write that ends an unreadable request; the verification misses the players that it does not name any more."""
    named = snapshot.data.get("players")
    players = [p for p in named if is_name(p)] if isinstance(named, list) else []
    outcomes = [failed_outcome(p, "unreadable", batch.round, plain(error)) for p in players]
    data = encode_done(pack_outcomes(outcomes), [o.kind for o in outcomes], 1, deps.clock.now())
    data |= {"players": players, "round": batch.round, "schema": SCHEMA}
    return Write("update", snapshot.path, data, snapshot.version)
