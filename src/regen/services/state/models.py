"""The models: which one is in use, and what a worker predicts with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from msgspec import Struct

from regen.api.kept import artefact_name
from regen.domain.batch import Batch
from regen.domain.errors import ModelUnavailable, Unreadable
from regen.domain.estimate import System
from regen.domain.models import PACKAGED, Challenge, InUse, Use, is_challenger_name, is_hash
from regen.ports import Snapshot, Write
from regen.services.state.decoding import decoding, encoded, is_newer, left_out
from regen.services.state.deps import Deps
from regen.services.state.paths import models_path
from regen.services.state.stored import Stored
from regen.systems import (
    Artefact,
    ArtefactRefused,
    external_versions,
    fitted_by,
    prepare,
    system_ids,
    verify,
    with_members,
)
from regen.systems.artefact import parse_artefact, verified_artefact

IN_MEMORY = 16
"""Models that a process keeps: one in use for each version of the features, those of the batches still live, and challengers."""

T = TypeVar("T")
_USE = Stored(Use)
_CHALLENGE = Stored(Challenge)


class Model(Struct, frozen=True):
    """An artefact, verified, and the systems that it fits.

    Attributes:
        run_for: the systems to run for these ids, in order, including those whose estimates they read.
    """

    artefact: Artefact
    run_for: Callable[[Sequence[str]], Sequence[System]]


def read_in_use(deps: Deps, unreadable: Callable[[Unreadable], object] = left_out) -> tuple[InUse, Snapshot | None]:
    """The record, with the version that a conditional write needs; of a broken one, what can be read of it.

    Args:
        unreadable: gets the error of a broken record. The next order replaces it, and each sweep names it.

    Raises:
        Unreadable: a newer version wrote it.
    """
    snapshot = deps.store.get(models_path())
    if snapshot is None:
        return InUse(), None
    try:
        return decode_in_use(snapshot), snapshot
    except Unreadable as error:
        if is_newer(snapshot.data):
            raise
        unreadable(error)
        return _readable(snapshot.data, skip=True), snapshot


def decode_in_use(snapshot: Snapshot) -> InUse:
    """The models in use of the document.

    Raises:
        Unreadable: this version cannot read it.
    """
    with decoding(snapshot) as data:
        return _readable(data)


def is_broken(snapshot: Snapshot | None) -> bool:
    """Whether an order must replace the record, be it that it changes nothing."""
    try:
        if snapshot is not None:
            decode_in_use(snapshot)
    except Unreadable:
        return True
    return False


def _readable(data: Mapping[str, Any], *, skip: bool = False) -> InUse:
    """The record with its orders; with `skip`, without those that cannot be read."""
    return InUse(
        tuple(_orders(data.get("uses", ()), _use, skip=skip)),
        tuple(_orders(data.get("challenges", ()), _challenge, skip=skip)),
    )


def _orders(found: object, decode: Callable[[Any], T], *, skip: bool) -> Iterator[T]:
    if not isinstance(found, list | tuple):
        if skip:
            return
        raise TypeError(f"expected a list of orders, got {type(found).__name__}")
    for each in found:
        try:
            yield decode(each)
        except Exception:
            # Whatever one order holds, the others count.
            if not skip:
                raise


def _use(data: Any) -> Use:  # noqa: ANN401 - whatever the record holds
    use = _USE.stored(data)
    if wrong := [name for name in (use.hash, use.previous) if name != PACKAGED and not is_hash(name)]:
        raise ValueError(f"expected the hash of an artefact, got {wrong[0]:.60}")
    return use


def _challenge(data: Any) -> Challenge:  # noqa: ANN401 - whatever the record holds
    challenge = _CHALLENGE.stored(data)
    if not is_challenger_name(challenge.name):
        raise ValueError(f"expected the name of a challenger, got {challenge.name:.60}")
    return challenge


def in_use_write(record: InUse, seen: Snapshot | None) -> Write:
    """The conditional write of the record."""
    if seen is None:
        return Write("create", models_path(), encoded(record))
    return Write("update", models_path(), encoded(record), seen.version)


def packaged(deps: Deps) -> dict[str, Artefact]:
    """The artefacts of the release, by the version of the features that they are for."""
    return {(found := _parsed(text)).feature_version: found for text in deps.config.artefacts().values()}


@lru_cache(maxsize=IN_MEMORY)
def _parsed(text: str) -> Artefact:
    """The artefact of a text that the release ships: every opening and every look asks for it."""
    return parse_artefact(text)


def without_model(artefact: Artefact, shipped: Artefact) -> list[str]:
    """The systems that make rows, of which the release's artefact has a model and another has none."""
    return [name for name in system_ids() if name in shipped.models and name not in artefact.models]


def model_of(deps: Deps, artefact_hash: str) -> Model:
    """The model of a hash: of the release, or from the store; verified, and kept in memory.

    Raises:
        ModelUnavailable: it is not there, or what is there is not what its name says.
        Unavailable: the store does not answer.
    """
    kept = deps.kept.models
    if (known := kept.get(artefact_hash)) is not None:
        return known
    text = deps.config.artefacts().get(artefact_hash) or _stored(deps, artefact_hash)
    try:
        artefact = verified_artefact(text, artefact_hash)
        model = Model(artefact, fitted_by(deps.config.systems, artefact))
    except (ArtefactRefused, KeyError, ValueError) as error:
        raise ModelUnavailable(f"model {artefact_hash}: {error}").of("the store of models") from error
    if len(kept) >= IN_MEMORY:
        kept.pop(next(iter(kept), ""), None)
    kept[artefact_hash] = model
    return model


def _stored(deps: Deps, artefact_hash: str) -> str:
    content = deps.models.read(artefact_name(artefact_hash)) if deps.models else None
    if content is None:
        where = "the store" if deps.models else "this release, and no store is configured"
        raise ModelUnavailable(f"model {artefact_hash} is not in {where}").of("the store of models")
    return content.decode("utf-8", "replace")


def systems_of(deps: Deps, batch: Batch, wanted: Sequence[str], version: str) -> Sequence[System]:
    """The systems that predict a batch's players whose features are of a version: those that the batch has pinned.

    Raises:
        ModelUnavailable: the pinned model, or the pinned version of an external system, cannot be had or run.
        Unavailable: the store does not answer.
    """
    _ready(deps, batch, wanted)
    pinned = batch.models.get(version)
    if pinned is None:
        return deps.config.run_for(wanted, version)
    return model_of(deps, pinned).run_for(wanted)


def pinned_systems(deps: Deps, names: Sequence[str], challengers: Sequence[str]) -> dict[str, str]:
    """The versions of external systems that a batch opened now pins, by id.

    Args:
        names: the systems of the batch.

    Raises:
        ModelUnavailable: one of them is a model as ONNX that cannot be had, so that every player would fail.
        Unavailable: the store does not answer.
    """
    verify(with_members(names), deps.models.read if deps.models else None)
    return external_versions((*names, *challengers))


def _ready(deps: Deps, batch: Batch, names: Sequence[str]) -> None:
    """Have external systems ready to run, and refuse to predict with another version than the batch has pinned (P12).

    Raises:
        ModelUnavailable: this process has another one, or none, or cannot run the model.
        Unavailable: the store does not answer.
    """
    if not batch.external_systems:
        return
    here = external_versions(tuple(batch.external_systems))
    concerned = {*names, *with_members(names)} & batch.external_systems.keys()
    for name in concerned:
        pinned, mine = batch.external_systems[name], here.get(name)
        if mine != pinned:
            has = f"has {mine}" if mine else "does not have it"
            error = ModelUnavailable(f"system {name}: the batch has pinned {pinned}, and this process {has}")
            raise error.of("the systems of this process")
    prepare(concerned, deps.models.read if deps.models else None)


def check_challenger(deps: Deps, name: str) -> None:
    """Refuse a challenger that no worker of this release could run.

    Raises:
        ModelUnavailable: it is an artefact that cannot be had, or a system that this release does not have.
        Unavailable: the store does not answer.
    """
    if is_hash(name):
        model_of(deps, name)
    elif name not in system_ids():
        raise ModelUnavailable(f"system {name} is none of {', '.join(system_ids())}").of("the systems of this release")


def challenging(deps: Deps, batch: Batch, name: str, wanted: Sequence[str], version: str) -> Sequence[System] | None:
    """The systems of a challenger, for players whose features are of a version; None if it is for another version.

    An artefact challenges with the batch's systems, a system with the numbers of the model that the batch has pinned.

    Raises:
        ModelUnavailable: it cannot be had.
        Unavailable: the store does not answer.
    """
    _ready(deps, batch, wanted)
    if is_hash(name):
        model = model_of(deps, name)
        return model.run_for(wanted) if model.artefact.feature_version == version else None
    artefact_hash = batch.models.get(version)
    artefact = model_of(deps, artefact_hash).artefact if artefact_hash else packaged(deps).get(version)
    if artefact is None:
        return None
    return fitted_by((name,), artefact)((name,))
