"""The requests of a batch: groups of players, written in bounded commits before any message is published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from regen.api.packed_inputs import pack_inputs
from regen.domain import ids
from regen.domain.batch import Batch
from regen.domain.errors import AlreadyExists
from regen.domain.outcome import Outcome, OutcomeKind
from regen.domain.slate import Exclusion, group
from regen.domain.slate_reading import SlateEntry
from regen.domain.soundness import plain
from regen.domain.values import replace
from regen.ports import Write
from regen.services.state.deps import Deps
from regen.services.state.documents import RequestRecord, encode_exclusions, encode_request
from regen.services.state.packing import pack_outcomes
from regen.services.state.paths import excluded_path, request_path

MAX_DOCUMENT_BYTES = 400 * 1024
"""Below the 500 KiB that a request's document may have, so that its outcomes fit, too."""
MAX_COMMIT_BYTES = 4 * 1024 * 1024
MAX_COMMIT_WRITES = 200
EXCLUDED_PER_DOCUMENT = 2000


def build_requests(
    deps: Deps, batch: Batch, players: Sequence[SlateEntry], round_: int = 1, opening: str = ""
) -> list[RequestRecord]:
    """Group players into requests that fit into documents.

    A player whose rows are missing or broken is in a request, too, with the outcome `failed` from the start.
    """
    groups = group(players, deps.config.players_per_request)
    records: list[RequestRecord] = []
    while groups:
        entries = groups.pop(0)
        record = _request(deps, batch, entries, round_, opening, len(records))
        if len(record.inputs) > MAX_DOCUMENT_BYTES:
            if len(entries) > 1:
                groups[:0] = group(entries, -(-len(entries) // 2))
            else:
                groups.insert(0, tuple(_too_large(entry, len(record.inputs)) for entry in entries))
            continue
        records.append(record)
    return records


def _request(
    deps: Deps, batch: Batch, entries: Sequence[SlateEntry], round_: int, opening: str, index: int
) -> RequestRecord:
    given = [_given(entry, round_) for entry in entries if entry.inputs is None]
    return RequestRecord(
        batch_id=batch.batch_id,
        request_id=ids.request_id(batch.batch_id, round_, opening, index),
        round=round_,
        opening=opening,
        state="pending",
        players=tuple(e.player_lookup for e in entries),
        systems=batch.systems,
        inputs=pack_inputs([e.inputs for e in entries if e.inputs is not None]),
        given=pack_outcomes(given) if given else None,
        created_at=deps.clock.now(),
        expires_at=batch.expires_at,
    )


def _too_large(entry: SlateEntry, size: int) -> SlateEntry:
    """The entry of a player whose inputs alone exceed a document: without inputs, with the problem as error text."""
    problem = f"inputs: expected at most {MAX_DOCUMENT_BYTES} bytes compressed, got {size}"
    return replace(entry, inputs=None, problem=problem)


def _given(entry: SlateEntry, round_: int) -> Outcome:
    return Outcome(
        player_lookup=entry.player_lookup,
        game_id=entry.game_id,
        kind=OutcomeKind.FAILED,
        reason="invalid_features" if entry.problem else "no_features",
        error=plain(entry.problem) if entry.problem else "no feature row",
        game_start=entry.game_start.isoformat() if entry.game_start else None,
        round=round_,
    )


def write_requests(deps: Deps, batch: Batch, records: Sequence[RequestRecord], excluded: Iterable[Write] = ()) -> None:
    """Write all requests, and the excluded players; existing documents are left unchanged."""
    writes = [Write("create", request_path(batch.batch_id, r.request_id), encode_request(r)) for r in records]
    writes += excluded
    for chunk in _chunks(writes):
        try:
            deps.store.commit(chunk)
        except AlreadyExists:
            for write in chunk:
                _create(deps, write)


def _create(deps: Deps, write: Write) -> None:
    try:
        deps.store.commit([write])
    except AlreadyExists:
        return  # an earlier attempt wrote it: the id is derived from the content


def excluded_writes(batch: Batch, excluded: Sequence[Exclusion]) -> Iterator[Write]:
    """The writes of a batch's excluded players, in chunks."""
    return _exclusions(batch, _parts(excluded))


def reread_writes(batch: Batch, opening: str, snapshot: str, changed: Sequence[Exclusion]) -> Iterator[Write]:
    """The writes of the exclusions that a redrive's reading changes; they count once the round of this opening begins.

    Args:
        snapshot: identifies the state of the inputs that the redrive has read.
    """
    return _exclusions(batch, _parts(changed) or [()], opening, opening=opening, snapshot=snapshot)


def _parts(excluded: Sequence[Exclusion]) -> list[Sequence[Exclusion]]:
    return [excluded[n : n + EXCLUDED_PER_DOCUMENT] for n in range(0, len(excluded), EXCLUDED_PER_DOCUMENT)]


def _exclusions(batch: Batch, parts: Sequence[Sequence[Exclusion]], *name: str, **more: str) -> Iterator[Write]:
    for number, part in enumerate(parts):
        document = ids.digest("excluded", *name, number * EXCLUDED_PER_DOCUMENT, length=20)
        data = {**encode_exclusions(part, batch.expires_at), **more}
        yield Write("create", f"{excluded_path(batch.batch_id)}/{document}", data)


def _chunks(writes: Sequence[Write]) -> Iterator[list[Write]]:
    chunk: list[Write] = []
    size = 0
    for write in writes:
        weight = sum(len(v) for v in write.data.values() if isinstance(v, bytes)) + 2048
        if chunk and (size + weight > MAX_COMMIT_BYTES or len(chunk) >= MAX_COMMIT_WRITES):
            yield chunk
            chunk, size = [], 0
        chunk.append(write)
        size += weight
    if chunk:
        yield chunk
