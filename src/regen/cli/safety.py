"""Before anything that changes something: which system it concerns, and the questions that go before it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from regen.cli.session import Session
from regen.client.errors import Misused
from regen.domain.values import replace


def ready(
    session: Session, what: str, *, word: str, asks: bool = False, yes: bool = False, further: Sequence[str] = ()
) -> None:
    """Name the target, then ask what has to be asked.

    Args:
        what: what would be done, with its counts.
        word: what has to be typed where the profile is protected: the game date.
        asks: whether the command asks in any case.
        further: more lines of what would be done.
        yes: the answer that the command line gives beforehand; it is none where the profile is protected.

    Raises:
        Misused: no question can be asked here, and the answer was not given beforehand; or another word was typed.
        Declined: the answer is no.
    """
    session.name_target()
    if session.settings.is_protected:
        _typed(session, what, word, further)
    elif asks:
        replace(session.out, yes=yes or session.out.yes).confirm(f"{session.settings.target}: {what}", further)


def _typed(session: Session, what: str, word: str, further: Sequence[str]) -> None:
    """Have the word typed: the profile is protected."""
    given = session.given.confirm
    profile = session.settings.profile
    if given is None:
        if not sys.stdin.isatty():
            asked = (
                f"the profile {profile} is protected, and stdin is no terminal: add --confirm {word} if that is meant"
            )
            raise Misused(f"{session.settings.target}: {what}", further=[*further, asked])
        for line in (f"{session.settings.target}: {what}", *further):
            session.out.say(line)
        given = session.out.typed(f"the profile {profile} is protected; type {word} to go on")
    if given.strip() != word:
        raise Misused(
            f"nothing was done: the profile {profile} is protected and asks for {word}, not {given.strip()!r}"
        )
