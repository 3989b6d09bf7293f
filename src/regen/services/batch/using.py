"""Choosing the model in use, by an operator's order: compare-and-set, on record, without a deployment."""

from __future__ import annotations

from collections.abc import Sequence

from regen.api.models import Challenger, ModelsInUse, ModelUse, WouldUse
from regen.domain import ids
from regen.domain.audit import AuditEvent
from regen.domain.errors import InvalidInput, ModelUnavailable, Refused
from regen.domain.models import PACKAGED, InUse, Use
from regen.ports import Write
from regen.services.batch.platform_orders import PlatformOrder
from regen.services.state import outbox
from regen.services.state.commit import until_committed
from regen.services.state.deps import Deps
from regen.services.state.idempotency import claims, is_known
from regen.services.state.models import in_use_write, is_broken, model_of, packaged, read_in_use, without_model


class ModelOrder(PlatformOrder, frozen=True):
    """An operator's order to use a model, or to go back to the one before.

    Attributes:
        hash: the model to use; None to go back.
        expected: the hash that the caller has seen in use.
    """

    hash: str | None
    expected: str

    @property
    def word(self) -> str:
        """The order in one word."""
        return "rollback" if self.hash is None else "use"


def order(deps: Deps, given: ModelOrder) -> ModelsInUse | WouldUse:
    """Use a model, or go back to the one before. Batches that are open keep what they have pinned.

    A broken record is replaced, with what of it can be read.

    Raises:
        Refused: another model is in use than the caller has seen, or there is none to go back to.
        InvalidInput: the model is not in the store, or cannot be used by this release.
    """

    def decide() -> tuple[Sequence[Write], WouldUse]:
        record, seen = read_in_use(deps)
        shipped = {version: artefact.hash for version, artefact in packaged(deps).items()}
        version = _version(deps, given, record, shipped)
        now = record.current(version) or shipped.get(version, "")
        if is_known(deps, given.key):
            return [], WouldUse(would="nothing", feature_version=version, hash=now, instead_of=now)
        if now != given.expected:
            raise Refused(_taken(record, version, now, given.expected))
        at = deps.clock.now()
        use = Use(given.hash or PACKAGED, version, at, given.caller, given.reason, on_behalf_of=given.person)
        after = record.rolled_back(use) if given.hash is None else record.used(use)
        chosen = after.current(version) or shipped.get(version, "")
        if given.hash is None and chosen == now:
            raise Refused(f"{now} is in use, and no other was before it")
        _usable(deps, chosen)
        would = WouldUse(would=given.word, feature_version=version, hash=chosen, instead_of=now)
        if chosen == now and not is_broken(seen):
            return [], WouldUse(would="nothing", feature_version=version, hash=now, instead_of=now)
        event_id = ids.digest("model", chosen, at.isoformat(), given.caller, length=24)
        about = {"model": chosen, "instead_of": now, "feature_version": version}
        entry = given.entry(event_id, AuditEvent.MODEL_USED, given.word, at, **about)
        writes = [in_use_write(after, seen), *outbox.put([outbox.audit_item(entry)])]
        return [*writes, *claims(deps, given.key, _view(deps, after, shipped))], would

    if given.dry_run:
        return decide()[1]
    until_committed(deps, decide)
    return view(deps)


def view(deps: Deps) -> ModelsInUse:
    """The models in use, and the orders that chose them, newest first."""
    return viewed(deps, read_in_use(deps)[0])


def viewed(deps: Deps, record: InUse) -> ModelsInUse:
    """What a record says."""
    return _view(deps, record, {version: artefact.hash for version, artefact in packaged(deps).items()})


def _view(deps: Deps, record: InUse, shipped: dict[str, str]) -> ModelsInUse:
    versions = sorted(shipped.keys() | {use.feature_version for use in record.uses})
    return ModelsInUse(
        has_store=deps.models is not None,
        in_use={version: record.current(version) or shipped.get(version, "") for version in versions},
        packaged=shipped,
        history=[
            ModelUse(
                hash=use.hash or shipped.get(use.feature_version, ""),
                feature_version=use.feature_version,
                at=use.at,
                by=use.by,
                on_behalf_of=use.on_behalf_of,
                reason=use.reason,
            )
            for use in reversed(record.uses)
        ],
        challengers=[
            Challenger(name=c.name, at=c.at, by=c.by, on_behalf_of=c.on_behalf_of, reason=c.reason)
            for c in record.challengers
        ],
    )


def _version(deps: Deps, given: ModelOrder, record: InUse, shipped: dict[str, str]) -> str:
    """The version of the features whose model is to be another."""
    if given.hash is not None:
        return _usable(deps, given.hash)
    found = {use.feature_version for use in record.uses if use.hash == given.expected}
    found |= {version for version, artefact_hash in shipped.items() if artefact_hash == given.expected}
    if not found:
        raise Refused(f"{given.expected} is not in use, and never was")
    return min(found)


def _usable(deps: Deps, artefact_hash: str) -> str:
    """The version of the features of a model that can be had; an order for another is refused."""
    if deps.models is None:
        raise Refused("no store of models is configured (REGEN_MODELS_STORE): every batch uses what the release ships")
    try:
        artefact = model_of(deps, artefact_hash).artefact
    except ModelUnavailable as error:
        raise InvalidInput("hash", f"the hash of a published model; {error}") from error
    shipped = packaged(deps).get(artefact.feature_version)
    if shipped and (lacking := without_model(artefact, shipped)):
        raise InvalidInput("hash", f"an artefact of every system; {artefact_hash} has no {', '.join(lacking)}")
    return artefact.feature_version


def _taken(record: InUse, version: str, now: str, expected: str) -> str:
    last = record.last(version)
    since = f" since {last.at.isoformat()} by {last.by}: {last.reason}" if last else ", as the release ships it"
    return f"{expected} is not in use: {now} is{since}"
