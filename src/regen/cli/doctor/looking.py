"""Looks at one thing after the other, each with the same patience, so that one that is silent hides no other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from regen.client.errors import OperatorError
from regen.client.vitals import State
from regen.domain.errors import RegenError
from regen.domain.values import asdict

PATIENCE_SECONDS = 5.0


class LookResult(Struct, frozen=True):
    """One row.

    Attributes:
        details: what was seen.
        next: what to type or do; empty where nothing is to be done.
    """

    what: str
    state: State
    details: str
    next: str = ""

    def record(self) -> dict[str, object]:
        """The row as JSON has it."""
        return {**asdict(self), "state": self.state.value}


class Look(Struct, frozen=True):
    """One thing to look at.

    Attributes:
        ask: looks, and gives the state, what was seen, and what to do.
        next: what to do where `ask` raises or stays silent.
    """

    what: str
    ask: Callable[[], tuple[State, str, str]]
    next: str = ""


def findings(looks: Iterable[Look], patience: float = PATIENCE_SECONDS) -> Iterator[LookResult]:
    """Each look's row, as it comes; one that takes longer than `patience` seconds has failed."""
    for look in looks:
        yield _found(look, patience)


def _found(look: Look, patience: float) -> LookResult:
    answers: list[LookResult] = []

    def ask() -> None:
        try:
            answers.append(LookResult(look.what, *look.ask()))
        except (OperatorError, RegenError) as error:
            answers.append(LookResult(look.what, State.FAILED, str(error), look.next))
        except Exception as error:  # noqa: BLE001 - one look that goes wrong hides no other; its text may have the key in it
            answers.append(LookResult(look.what, State.FAILED, f"a fault of regen: {type(error).__name__}", look.next))

    # A daemon: a call that never comes back does not keep the command from ending.
    asking = threading.Thread(target=ask, name=f"doctor: {look.what}", daemon=True)
    asking.start()
    asking.join(patience)
    return answers[0] if answers else LookResult(look.what, State.FAILED, f"no answer in {patience:g} s", look.next)


def known(what: str, state: State, details: str, next_: str = "") -> Look:
    """A row whose answer is known without asking."""
    return Look(what, lambda: (state, details, next_))
