"""Choosing challengers, by an operator's order: on record where the models in use are, without a deployment."""

from __future__ import annotations

from collections.abc import Sequence

from regen.api.models import ModelsInUse, WouldChallenge
from regen.domain import ids
from regen.domain.audit import AuditEvent
from regen.domain.errors import InvalidInput, ModelUnavailable, Refused
from regen.domain.models import Challenge, InUse, is_hash
from regen.ports import Write
from regen.services.batch.platform_orders import PlatformOrder
from regen.services.batch.using import view, viewed
from regen.services.state import outbox
from regen.services.state.commit import until_committed
from regen.services.state.deps import Deps
from regen.services.state.idempotency import claims, is_known
from regen.services.state.models import check_challenger, in_use_write, packaged, read_in_use


class ChallengeOrder(PlatformOrder, frozen=True):
    """An operator's order to make an artefact or a system a challenger, or to end that.

    Attributes:
        name: the artefact's hash, or the system's id.
        ends: whether the challenge is to end.
    """

    name: str
    ends: bool

    @property
    def word(self) -> str:
        """The order in one word."""
        return "end" if self.ends else "challenge"


def order(deps: Deps, given: ChallengeOrder) -> ModelsInUse | WouldChallenge:
    """Make something a challenger, or end that. Batches that are open keep what they have pinned.

    Raises:
        Refused: it is in use, or no challenger whose challenge could end, or there are as many as there may be.
        InvalidInput: it is no artefact that can be had, and no system of this release.
    """

    def decide() -> tuple[Sequence[Write], WouldChallenge]:
        record, seen = read_in_use(deps)
        standing = _names(record)
        if is_known(deps, given.key) or (not given.ends and given.name in standing):
            return [], WouldChallenge(would="nothing", challenger=given.name, challengers=standing)
        if given.ends and given.name not in standing:
            raise Refused(f"{given.name} is no challenger; {', '.join(standing) or 'nothing'} is")
        after = _after(deps, given, record)
        would = WouldChallenge(would=given.word, challenger=given.name, challengers=_names(after))
        at = deps.clock.now()
        event_id = ids.digest("challenger", given.name, given.word, at.isoformat(), given.caller, length=24)
        about = {"challenger": given.name, "challengers": ",".join(would.challengers)}
        entry = given.entry(event_id, AuditEvent.MODEL_CHALLENGED, given.word, at, **about)
        writes = [in_use_write(after, seen), *outbox.put([outbox.audit_item(entry)])]
        return [*writes, *claims(deps, given.key, viewed(deps, after))], would

    if given.dry_run:
        return decide()[1]
    until_committed(deps, decide)
    return view(deps)


def _names(record: InUse) -> list[str]:
    return sorted({challenger.name for challenger in record.challengers})


def _after(deps: Deps, given: ChallengeOrder, record: InUse) -> InUse:
    """The record after the order."""
    if given.ends:
        return record.unchallenged(given.name, deps.clock.now())
    _check(deps, given.name, record)
    most = deps.config.max_challengers
    if len(record.challengers) >= most:
        names = ", ".join(c.name for c in record.challengers)
        raise Refused(f"at most {most} challengers at once (REGEN_MAX_CHALLENGERS): {names or 'none is one'}")
    return record.challenged(Challenge(given.name, deps.clock.now(), given.caller, given.reason, given.person))


def _check(deps: Deps, name: str, record: InUse) -> None:
    """Refuse what cannot challenge."""
    if is_hash(name) and deps.models is None:
        raise Refused("no store of models is configured (REGEN_MODELS_STORE): no artefact can challenge")
    used = {record.current(version) or artefact.hash for version, artefact in packaged(deps).items()}
    if name in used:
        raise Refused(f"{name} is in use")
    if name in deps.config.systems:
        raise Refused(f"{name} is among the systems that every batch runs (REGEN_SYSTEMS)")
    try:
        check_challenger(deps, name)
    except ModelUnavailable as error:
        raise InvalidInput("challenger", f"the hash of a published model, or a system's id; {error}") from error
