"""What a batch pins when it is opened: the models in use, so that all of its requests are predicted with the same."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from msgspec import Struct

from regen.api.kept import artefact_name
from regen.domain import ids
from regen.domain.alerts import AlertKind, alert
from regen.domain.errors import ModelUnavailable, Unavailable, Unreadable
from regen.domain.models import InUse, is_hash
from regen.features.versions import ACCEPTED
from regen.services.state.alerting import alert_unreadable, raise_once
from regen.services.state.deps import Deps
from regen.services.state.models import model_of, packaged, read_in_use

log = logging.getLogger(__name__)


class Pins(Struct, frozen=True):
    """What a batch pins.

    Attributes:
        hashes: of the artefacts, by the version of the features that they are for; empty without a store.
        lost: models that were in use and cannot be had, with the reason.
        challengers: what challenges them, and is not among them. Whether it can be had is the worker's to find out.
    """

    hashes: Mapping[str, str]
    lost: Mapping[str, str]
    challengers: tuple[str, ...] = ()


NO_PINS = Pins({}, {})
"""Those of a batch that each worker predicts with what its release ships."""


def pins(deps: Deps) -> Pins:
    """The models that a batch opened now is predicted with: those in use, or the last ones before them that can be had.

    Of a broken record counts what can be read of it. Without a store no model depends on the record: one of a newer version
    costs the challengers alone.

    Raises:
        Unavailable: the store does not answer, so that it is not known what is there.
        Unreadable: a newer version wrote which models are in use.
    """
    if deps.models is None and not deps.config.max_challengers:
        return NO_PINS
    try:
        record, _ = read_in_use(deps, partial(alert_unreadable, deps))
    except Unreadable as error:
        if deps.models is not None:
            raise
        alert_unreadable(deps, error)
        return NO_PINS
    if deps.models is None:
        return Pins({}, {}, _challengers(deps, record, ()))
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
    return Pins(hashes, lost, _challengers(deps, record, hashes.values()))


def _challengers(deps: Deps, record: InUse, pinned: Collection[str]) -> tuple[str, ...]:
    """The oldest challengers, as many as may be, without artefacts that predict the batch itself or cannot be had at all."""
    names = [challenger.name for challenger in record.challengers]
    chosen = [n for n in names if n not in pinned and (deps.models is not None or not is_hash(n))]
    return tuple(chosen[: deps.config.max_challengers])


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


def alert_lost(deps: Deps, lost: Mapping[str, str]) -> None:
    """Alert once a day to a model that cannot be had: the batch has pinned the one before it, or was not opened."""
    for artefact_hash, why in lost.items():
        event_id = ids.digest("model_unavailable", artefact_hash, deps.clock.now().date().isoformat(), length=24)
        raise_once(deps, event_id, alert(AlertKind.MODEL_UNAVAILABLE, why, model=artefact_hash))


@contextmanager
def hindrances_alerted(deps: Deps) -> Iterator[None]:
    """Alert to what keeps a batch from being opened until a hand mends it, and raise as before.

    That is a model that it would run and that cannot be had, or a record that this version cannot read.
    """
    try:
        yield
    except ModelUnavailable as error:
        alert_lost(deps, {error.model: str(error)} if error.model else {})
        raise
    except Unreadable as error:
        alert_unreadable(deps, error)
        raise
