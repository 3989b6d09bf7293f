"""The worker's part in challengers: they predict after the outcomes are durable, and nothing of theirs can cost one (I-67)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from regen.api.packed_inputs import Unfit, unpack_inputs
from regen.domain.batch import Batch
from regen.domain.challengers import Challenged
from regen.domain.errors import ModelUnavailable, Unavailable
from regen.domain.estimate import System
from regen.domain.inputs import PlayerInputs
from regen.domain.models import is_hash
from regen.domain.outcome import Outcome, OutcomeKind
from regen.domain.predict import Gate, Naming, predict_player
from regen.domain.soundness import plain
from regen.ports import Write
from regen.services.state.deps import Deps
from regen.services.state.documents import RequestRecord, encode_challenged
from regen.services.state.models import challenging
from regen.services.state.packing import pack_challenged

log = logging.getLogger(__name__)
PATIENCE = timedelta(seconds=10)
"""What all challengers of a request may take together; each takes a tenth of a second for 50 players."""
MAX_DOCUMENT_BYTES = 960_000
"""Of a request's document with the challengers' rows; Firestore's limit is 1 MiB."""


def challenge(
    deps: Deps, batch: Batch, path: str, request: RequestRecord, outcomes: Sequence[Outcome], taken: int
) -> None:
    """Predict a request's produced players with the batch's challengers, and put that beside their outcomes.

    Args:
        path: of the request's document, which has ended.
        taken: the bytes that its outcomes take.
    """
    try:
        found = predict_challengers(deps, batch, request, outcomes)
        room = MAX_DOCUMENT_BYTES - taken - len(request.inputs) - len(request.given or b"")
        deps.store.commit([Write("update", path, encode_challenged(_fitting(found, room)))])
    except Exception as error:  # noqa: BLE001 - a challenger's trouble is never the batch's
        log.warning("%s: no challenger's rows: %s", path, _why(error), extra={"batch_id": batch.batch_id})


def predict_challengers(
    deps: Deps, batch: Batch, request: RequestRecord, outcomes: Sequence[Outcome]
) -> list[Challenged]:
    """What each challenger makes of the players whom the batch's own systems have predicted."""
    produced = {o.player_lookup for o in outcomes if o.kind is OutcomeKind.PRODUCED and o.round == request.round}
    players = [
        player
        for player in unpack_inputs(request.inputs)
        if not isinstance(player, Unfit) and player.player_lookup in produced
    ]
    until = deps.clock.now() + PATIENCE
    return [_challenged(deps, batch, request, name, players, until) for name in batch.challengers]


def _challenged(
    deps: Deps, batch: Batch, request: RequestRecord, name: str, players: Sequence[PlayerInputs], until: datetime
) -> Challenged:
    wanted = request.systems if is_hash(name) else (name,)
    gate = Gate(deps.config.feature_versions, deps.config.min_quality)
    naming = Naming(f"{batch.batch_id}/{name}", request.round)
    made: list[Outcome] = []
    problem: str | None = None

    @cache
    def systems_for(version: str) -> Sequence[System] | None:
        return challenging(deps, batch, name, wanted, version)

    try:
        for player in players:
            if deps.clock.now() >= until:
                problem = f"too slow: the challengers of a request have {PATIENCE.total_seconds():g} s"
                break
            systems = systems_for(player.feature_version)
            if systems is None:
                problem = problem or f"it is not for features of version {player.feature_version}"
                continue
            outcome = predict_player(player, systems, wanted, gate, naming)
            if outcome.predictions:
                made.append(outcome)
            else:
                problem = problem or f"{outcome.reason}: {outcome.error or 'nothing is predicted'}"
    except (ModelUnavailable, Unavailable) as error:
        problem = str(error)
    except Exception as error:  # noqa: BLE001 - nor the other challengers'
        problem = _why(error)
    return Challenged(name, made, None if problem is None else plain(problem[:300]))


def _fitting(found: Sequence[Challenged], room: int) -> bytes:
    """What is found, packed; of the last challengers, whose rows have no room in the document, only the names."""
    kept = list(found)
    packed = pack_challenged(kept)
    for n in reversed(range(len(kept))):
        if len(packed) <= room:
            break
        kept[n] = Challenged(kept[n].challenger, problem="too large: its rows have no room in a request's document")
        packed = pack_challenged(kept)
    return packed


def _why(error: Exception) -> str:
    return plain(f"{type(error).__name__}: {error}"[:300])
