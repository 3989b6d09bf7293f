"""What the system says of itself, on the local stack and deployed: the coordinator, its signs of life, the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from regen.api.health import Ready, Vitals
from regen.cli.doctor import models
from regen.cli.doctor.looking import Look, known
from regen.cli.doctor.tables import looked_at
from regen.cli.session import Session
from regen.client.coordinator import Coordinator
from regen.client.errors import OperatorError
from regen.client.vitals import HEAL, Answer, State, deadlines, halt, outbox, revisions, sweep
from regen.domain.values import replace


def looks(session: Session) -> Iterator[Look]:
    """The rows, in order; what lacks an address or a key is said to be missing."""
    settings = session.settings
    if not settings.url:
        yield known("coordinator", State.MISSING, "no address", "start `regen local up`, or pass --url")
    else:
        yield Look(
            "coordinator",
            lambda: _health(session),
            "see whether the address is right: `terraform output coordinator_url`",
        )
        if not settings.key:
            yield known("API key", State.MISSING, "no key", "pass --key, or set API_KEY")
        else:
            yield from _life(session)
    if settings.emulator or settings.url:
        yield Look(
            "tables", lambda: looked_at(session), "`regen doctor` again; if it stays so, see the guide's failure table"
        )
    else:
        yield known("tables", State.MISSING, "not looked at: neither an emulator nor a coordinator is set")


def _health(session: Session) -> Answer:
    settings = session.settings
    coordinator = Coordinator(
        settings.url or "", origin=settings.origins["url"], timeout=4, pauses=(), identity=session.identity
    )
    version = coordinator.health().value.version
    return State.OK, f"{version} at {settings.url}, from {settings.origins['url']}", ""


def _life(session: Session) -> Iterator[Look]:
    @cache
    def asked() -> Ready | OperatorError:
        try:
            return replace(session.coordinator, pauses=(), timeout=4.0).ready().value
        except OperatorError as error:
            return error  # asked once: a coordinator that is silent for one row is not asked again for each

    def ready() -> Ready:
        answer = asked()
        if isinstance(answer, OperatorError):
            raise answer
        return answer

    def vital(row: Callable[[Vitals], Answer]) -> Callable[[], Answer]:
        def ask() -> Answer:
            vitals = ready().vitals or None
            if vitals is None:
                return State.MISSING, "this coordinator does not say; it is an older release", "deploy this release"
            if vitals.error:
                return (
                    State.FAILED,
                    f"Firestore does not answer the coordinator: {vitals.error}",
                    "see the coordinator's log",
                )
            return row(vitals)

        return ask

    def in_use() -> Answer:
        ready()  # one that is silent is not asked again
        return models.looked_at(session)

    yield Look("API key and dependencies", lambda: _dependencies(ready()), "see the coordinator's log")
    yield Look("sweep", vital(sweep), HEAL)
    yield Look("revisions that ran", vital(lambda vitals: revisions(vitals, ready().version)))
    yield Look("outbox", vital(outbox), HEAL)
    yield Look("deadlines", vital(deadlines), HEAL)
    yield Look("halt", vital(halt), HEAL)
    yield Look("models", in_use, "regen models list")


def _dependencies(answer: Ready) -> Answer:
    said = f"status {answer.status}, version {answer.version}, firestore {answer.firestore}, bigquery {answer.bigquery}"
    return State.OK, said, ""
