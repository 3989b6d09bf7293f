"""What a check, a state or a reason means: one text for `regen explain` and for docs/reference.md."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from regen.domain.checks import CHECKS, NEVER_ACCEPTED
from regen.domain.checks.declared import Check
from regen.domain.reasons import REASONS, Reason
from regen.domain.state_texts import BATCH, DATES, PLAYERS, StateText, after
from regen.settings import declared, field_of, text_of


class Explained(Struct, frozen=True):
    """A word, and what is to be said of it.

    Attributes:
        kind: check, state or reason.
        lines: sentences, the meaning first.
    """

    name: str
    kind: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The whole, as the page and the command have it."""
        return "\n".join(self.lines)


def explained() -> Iterator[Explained]:
    """Every check, state and reason, in the order of the page."""
    variables = {field_of(name): name for name, row in declared().items() if row.check}
    for check in CHECKS:
        yield Explained(check.name, "check", tuple(_of_check(check, variables.get(check.setting or ""))))
    for status, said in BATCH.items():
        more = (f"Next: {after(status)}.",)
        yield Explained(status.value, "state", _of_state("a batch", said, *more))
    for word, said in DATES.items():
        yield Explained(word.value, "state", _of_state("a date of a backfill", said))
    for kind, said in PLAYERS.items():
        yield Explained(kind.value, "state", _of_state("a player of a batch", said))
    for name, reason in REASONS.items():
        yield Explained(name, "reason", tuple(_of_reason(reason)))


def explanations(name: str) -> list[Explained]:
    """All that is to be said of a word: `failed`, for example, is a state of batches, dates and players."""
    return [one for one in explained() if one.name == name]


def _of_check(check: Check, variable: str | None) -> Iterator[str]:
    fails, to_do = check.said or ("", "")
    word = "fails" if check.severity == "fail" else "warns, and forbids nothing,"
    yield f"Check: {check.rule}"
    yield f"It {word} when: {fails.removeprefix('never; it warns if ')}."
    if variable is not None:
        row = declared()[variable]
        off = "" if check.off is None else f"; off at {check.off:g}"
        unit = row.unit or ""
        yield f"Limit: `{variable}`, {text_of(row.default) if row.default is not None else 'not set'} {unit}{off}."
    waived = (
        "no operator can waive it" if check.name in NEVER_ACCEPTED else f"`regen promote BATCH --check {check.name}`"
    )
    if check.severity == "fail":
        yield f"Waiver: {waived}."
    yield f"What to do: {to_do.rstrip('.')}."


def _of_state(of: str, said: StateText, *more: str) -> tuple[str, ...]:
    return f"State of {of}: {said.means}.", *more, f"What to do: {said.to_do}."


def _of_reason(reason: Reason) -> Iterator[str]:
    yield f"Reason of {reason.of}: {reason.means}."
    yield f"What to do: {reason.to_do}."
