"""The rules of the contract, each with what it found."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from regen.conformance.again import Elsewhere, ProcessFailed, elsewhere
from regen.conformance.guard import watched
from regen.conformance.players import WHOLE
from regen.conformance.running import Said, answer, answers, as_text, bare, given, milliseconds
from regen.domain.estimate import Estimate, out_of_bounds
from regen.domain.recommendation import over_probability, quantile
from regen.systems import systems
from regen.systems.external import is_reason

MOST_MS = 5.0
"""Processor time for one player. A request of 50 then takes a quarter of a second for each system."""
MOST_START_MS = 500.0
"""Processor time to load: what a function's cold start grows by."""
MOST_ONNX_MS = 1500.0
"""The same of models as ONNX, with onnxruntime and numpy: a worker pays it once, and only where one is configured."""
MOST_ONNX_MB = 150.0
"""Memory that these take, of the 512 MiB of a worker."""
PASSES = 5
QUANTILES = (0.05, 0.1, 0.5, 0.9, 0.95)


class Finding(Struct, frozen=True):
    """What one rule found of one system.

    Attributes:
        detail: what is wrong, with the case; or the figure, for a rule with a budget.
    """

    system: str
    rule: str
    passed: bool
    detail: str


class Subject(Struct, frozen=True, dict=True):
    """A system that is checked.

    Attributes:
        other: what another process says; or why it says nothing.
    """

    name: str
    other: Elsewhere | ProcessFailed

    @cached_property
    def said(self) -> Mapping[str, Said]:
        """What it says of each case."""
        return answers(self.name)

    @cached_property
    def estimates(self) -> Mapping[str, Estimate]:
        """Its estimates, by case."""
        return {case: said.estimate for case, said in self.said.items() if said.estimate is not None}


Rule = Callable[[Subject], Iterator[str]]
"""Yields each problem."""


def _inputs(subject: Subject) -> Iterator[str]:
    """An estimate, or a reason in one short word, whatever is missing; of a player who is known whole, an estimate."""
    for case, said in subject.said.items():
        if said.error is not None:
            yield f"{case}: {said.error}"
        elif said.estimate is None and not is_reason(said.reason):
            yield f"{case}: a reason is a short word like no_history, not {said.reason!r}"
    if WHOLE not in subject.estimates and subject.said[WHOLE].error is None:
        yield f"{WHOLE}: no estimate ({subject.said[WHOLE].reason})"


def _purity(subject: Subject) -> Iterator[str]:
    """Its inputs stay as they were, and it opens no file or socket, starts no process, does not sleep."""
    (system,) = systems((subject.name,))
    for case, (inputs, others) in given(subject.name).items():
        kept = copy.deepcopy((dict(inputs.features), inputs.recent_games, inputs.lines, dict(others)))
        with watched() as acts:
            answer(bare(system), inputs, others)
        # NaN is not equal to itself: compared as text.
        if repr(kept) != repr((dict(inputs.features), inputs.recent_games, inputs.lines, dict(others))):
            yield f"{case}: it changes what it is given"
        if acts:
            yield f"{case}: it {', '.join(dict.fromkeys(acts))}"


def _determinism(subject: Subject) -> Iterator[str]:
    """The same again, in another order, and in another process with other hashes of texts."""
    first = {case: as_text(said) for case, said in subject.said.items()}
    again = {case: as_text(said) for case, said in answers(subject.name, backwards=True).items()}
    for case, said in first.items():
        if said != again[case]:
            yield f"{case}: another answer when asked again"
    if isinstance(subject.other, ProcessFailed):
        yield f"another process: {subject.other}"
        return
    there = subject.other.answers[subject.name]
    for case, said in first.items():
        if said == again[case] != there[case]:
            yield f"{case}: another answer in another process"


def _bounds(subject: Subject) -> Iterator[str]:
    """Every number within its bounds, quantiles in order, and a higher line never likelier to be passed."""
    for case, estimate in subject.estimates.items():
        if problem := out_of_bounds(estimate):
            yield f"{case}: {problem}"
            continue
        points = [quantile(estimate, chance) for chance in QUANTILES]
        chances = [over_probability(estimate, step + 0.5) for step in range(60)]
        if points != sorted(points) or chances != sorted(chances, reverse=True):
            yield f"{case}: its quantiles are not in order"


_RULES: Mapping[str, Rule] = {
    "inputs": _inputs,
    "purity": _purity,
    "determinism": _determinism,
    "bounds": _bounds,
}


def check(
    names: Sequence[str], external: Sequence[str] = (), onnx: Sequence[str] = (), folder: str = ""
) -> list[Finding]:
    """What each rule finds of each system. Models as ONNX among them must be prepared.

    Args:
        external: those of other packages that are admitted, of which the names may be some.
        onnx: the models as ONNX that are admitted, NAME=HASH.
        folder: where their objects are.
    """
    try:
        other: Elsewhere | ProcessFailed = elsewhere(external, names, onnx, folder)
    except ProcessFailed as error:
        other = error
    models = {word.partition("=")[0] for word in onnx}
    return [
        finding
        for name in names
        for finding in (
            *_findings(Subject(name, other)),
            *_costs(name, other, packaged=name in external, onnx=name in models),
        )
    ]


def _findings(subject: Subject) -> Iterator[Finding]:
    for name, rule in _RULES.items():
        problems = list(rule(subject))
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        yield Finding(subject.name, name, not problems, problems[0] + more if problems else "")
    spent = milliseconds(subject.name, PASSES)
    yield Finding(subject.name, "time", spent <= MOST_MS, f"{spent:.2f} of {MOST_MS:g} ms a player")


def _costs(name: str, other: Elsewhere | ProcessFailed, *, packaged: bool, onnx: bool) -> Iterator[Finding]:
    """What a process pays to have the system, with those of its kind."""
    if isinstance(other, ProcessFailed):
        return
    if packaged:
        spent = other.start_ms
        yield Finding(name, "start", spent <= MOST_START_MS, f"{spent:.0f} of {MOST_START_MS:g} ms to load")
    if onnx:
        spent, grown = other.onnx_ms, other.onnx_mb
        yield Finding(name, "start", spent <= MOST_ONNX_MS, f"{spent:.0f} of {MOST_ONNX_MS:g} ms to load")
        if grown is not None:
            yield Finding(name, "memory", grown <= MOST_ONNX_MB, f"{grown:.0f} of {MOST_ONNX_MB:g} MB to load")
