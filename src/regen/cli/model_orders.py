"""Orders that choose the model in use: what they would change, the question, and the answer."""

from __future__ import annotations

from collections.abc import Mapping

from regen.cli.safety import ready
from regen.cli.session import Session

WORD = "MODEL"
"""What a protected profile asks for: a model is of no game date."""


def give(session: Session, word: str, body: Mapping[str, object], *, dry_run: bool, yes: bool) -> None:
    """Give an order, and say what came of it."""
    say(session, *ordered(session, word, body, dry_run=dry_run, yes=yes))


def say(session: Session, answer: Mapping[str, object], text: str) -> None:
    """What came of an order: the coordinator's answer for a program, words for a person."""
    if session.out.json:
        session.out.dump(answer)
    else:
        session.out.line(text)


def ordered(
    session: Session, word: str, body: Mapping[str, object], *, dry_run: bool, yes: bool
) -> tuple[Mapping[str, object], str]:
    """Say what an order would change, ask, and give it: the coordinator's answer, and what came of it in words."""
    session.name_target()
    received = session.coordinator.would_use(word, body)
    plan = received.value
    text = f"use {plan.hash} instead of {plan.instead_of} for features {plan.feature_version}"
    if plan.would == "nothing":
        text = f"change nothing: {plan.hash} is in use"
    if dry_run or plan.would == "nothing":
        return received.record, f"would {text}"
    ready(session, text, word=WORD, asks=True, yes=yes)
    after = session.coordinator.use(word, body)
    return after.record, f"in use: {plan.hash}, from the next batch on"
