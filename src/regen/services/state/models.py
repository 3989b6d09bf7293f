"""The models: which one is in use, what a batch pins when it is opened, and what a worker predicts with."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from regen.api.kept import artefact_name
from regen.domain.batch import Batch
from regen.domain.errors import ModelUnavailable, Unavailable
from regen.domain.estimate import System
from regen.domain.models import InUse
from regen.features.versions import ACCEPTED
from regen.ports import Snapshot, Write
from regen.services.state.decoding import decoding, encoded
from regen.services.state.deps import Deps
from regen.services.state.paths import models_path
from regen.services.state.stored import Stored
from regen.systems import Artefact, ArtefactRefused, systems, with_members
from regen.systems.artefact import parse_artefact

log = logging.getLogger(__name__)
IN_MEMORY = 8
"""Models that a process keeps: one in use for each version of the features, and those of the batches still live."""

_IN_USE = Stored(InUse)


@dataclass(frozen=True, slots=True)
class Model:
    """An artefact, verified, with every system that it fits."""

    artefact: Artefact
    systems: Sequence[System]

    def run_for(self, wanted: Sequence[str]) -> Sequence[System]:
        """The systems to run for these ids, in order, including those whose estimates they read."""
        needed = set(with_members(wanted))
        return tuple(system for system in self.systems if system.system_id in needed)


@dataclass(frozen=True, slots=True)
class Pins:
    """What a batch pins.

    Attributes:
        hashes: of the artefacts, by the version of the features that they are for; empty without a store.
        lost: models that were in use and cannot be had, with the reason.
    """

    hashes: Mapping[str, str]
    lost: Mapping[str, str]


NO_PINS = Pins({}, {})
"""Those of a batch that each worker predicts with what its release ships."""


def read_in_use(deps: Deps) -> tuple[InUse, Snapshot | None]:
    """The record, with the version that a conditional write needs.

    Raises:
        Unreadable: this version cannot read it.
    """
    snapshot = deps.store.get(models_path())
    if snapshot is None:
        return InUse(), None
    with decoding(snapshot) as data:
        return _IN_USE.stored(data), snapshot


def in_use_write(record: InUse, seen: Snapshot | None) -> Write:
    """The conditional write of the record."""
    if seen is None:
        return Write("create", models_path(), encoded(record))
    return Write("update", models_path(), encoded(record), seen.version)


def packaged(deps: Deps) -> dict[str, Artefact]:
    """The artefacts of the release, by the version of the features that they are for."""
    found = map(parse_artefact, deps.config.artefacts().values())
    return {artefact.feature_version: artefact for artefact in found}


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
        artefact = parse_artefact(text)
        if artefact.hash != artefact_hash:
            raise ArtefactRefused(f"its content is that of {artefact.hash}")
        model = Model(artefact, systems(with_members(deps.config.systems), artefact))
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


def pins(deps: Deps) -> Pins:
    """The models that a batch opened now is predicted with: those in use, or the last ones before them that can be had.

    Raises:
        Unavailable: the store does not answer, so that it is not known what is there.
    """
    if deps.models is None:
        return NO_PINS
    record, _ = read_in_use(deps)
    shipped = packaged(deps)
    _keep_packaged(deps)
    hashes: dict[str, str] = {}
    lost: dict[str, str] = {}
    for version in sorted(shipped.keys() | ACCEPTED):
        for candidate in record.candidates(version):
            artefact_hash = candidate or (shipped[version].hash if version in shipped else "")
            try:
                if artefact_hash:
                    model_of(deps, artefact_hash)
                    hashes[version] = artefact_hash
                    break
            except ModelUnavailable as error:
                lost[artefact_hash] = str(error)
    return Pins(hashes, lost)


def _keep_packaged(deps: Deps) -> None:
    """Have the release's own artefacts in the store, so that a later release can end the batches that pin them."""
    if deps.models is None or deps.kept.packaged:
        return
    try:
        for artefact_hash, text in deps.config.artefacts().items():
            deps.models.keep(artefact_name(artefact_hash), text.encode())
    except Unavailable as error:
        log.warning("the release's models could not be put into the store: %s", error)
        return
    deps.kept.packaged = True


def systems_of(deps: Deps, batch: Batch, wanted: Sequence[str], version: str) -> Sequence[System]:
    """The systems that predict a batch's players whose features are of a version: those that the batch has pinned.

    Raises:
        ModelUnavailable: the pinned model cannot be had.
        Unavailable: the store does not answer.
    """
    pinned = batch.models.get(version)
    if pinned is None:
        return deps.config.run_for(wanted, version)
    return model_of(deps, pinned).run_for(wanted)
