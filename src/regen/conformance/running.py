"""A system, run over the invented players as the worker runs it: each estimate, reason or error, as plain values."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from regen.conformance.players import cases
from regen.domain.errors import InsufficientData
from regen.domain.estimate import Estimate, System
from regen.domain.inputs import PlayerInputs
from regen.systems import External, estimate_all, systems, with_members


class Said(Struct, frozen=True):
    """What a system says of one player: one of the three.

    Attributes:
        reason: why it does not predict him, in its own word.
        error: what it raised or gave instead of an estimate.
    """

    estimate: Estimate | None = None
    reason: str | None = None
    error: str | None = None


def bare(system: System) -> System:
    """A system without what regen puts around those of other packages: it is the system that is checked."""
    return system.inner if isinstance(system, External) else system


def given(name: str) -> dict[str, tuple[PlayerInputs, dict[str, Estimate]]]:
    """What a system gets, by case: the inputs, and the estimates of the systems that it reads."""
    before = [system for system in systems(with_members((name,))) if system.system_id != name]
    return {case: (inputs, estimate_all(before, inputs)[0]) for case, inputs in cases().items()}


def answer(system: System, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Said:
    """What a system says of one player."""
    try:
        found: object = system.estimate(inputs, others)
    except InsufficientData as error:
        return Said(reason=error.reason)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - it is what is looked for
        return Said(error=f"{type(error).__name__}: {error}"[:200])
    if not isinstance(found, Estimate):
        return Said(error=f"it gave a {type(found).__name__}, no Estimate")
    return Said(found)


def answers(name: str, *, backwards: bool = False) -> dict[str, Said]:
    """What a system says of each case."""
    (system,) = systems((name,))
    found = given(name)
    order = sorted(found, reverse=backwards)
    return {case: answer(bare(system), *found[case]) for case in order}


def as_text(said: Said) -> str:
    """An answer as text, so that answers of two processes can be compared; a float as it is, to the last bit."""
    return json.dumps(msgspec.to_builtins(said, enc_hook=repr), sort_keys=True, default=repr)


def milliseconds(name: str, repeats: int) -> float:
    """Processor time for one player: the least of several passes over all cases."""
    (system,) = systems((name,))
    found = list(given(name).values())
    passes = [_timed(bare(system), found) for _ in range(repeats)]
    return 1000.0 * min(passes) / len(found)


def _timed(system: System, found: Sequence[tuple[PlayerInputs, dict[str, Estimate]]]) -> float:
    start = time.thread_time()
    for inputs, others in found:
        answer(system, inputs, others)
    return time.thread_time() - start
