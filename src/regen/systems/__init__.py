"""The prediction systems. Each is one file in this folder that exports `SYSTEM`; the registry imports every file.

Systems of other packages, and models as ONNX, are in the registry once they are admitted by name (`regen.systems.external`,
`regen.systems.onnx`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache, lru_cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, runtime_checkable

from regen.domain.errors import InsufficientData, InvalidInput
from regen.domain.estimate import Estimate, System
from regen.domain.inputs import PlayerInputs
from regen.features.names import FEATURE_VERSION
from regen.features.versions import ACCEPTED
from regen.systems.artefact import Artefact, ArtefactRefused, load_artefact, shipped_texts
from regen.systems.external import External, load
from regen.systems.onnx import OnnxSystem, Read, configured

__all__ = [
    "Artefact",
    "ArtefactRefused",
    "External",
    "admit",
    "by_version",
    "estimate_all",
    "external_versions",
    "fitted_by",
    "load_artefact",
    "member_ids",
    "prepare",
    "shipped_texts",
    "system_ids",
    "systems",
    "verify",
    "with_members",
]


@runtime_checkable
class Fitted(Protocol):
    """A system with fitted parameters, which come from an artefact."""

    def fitted(self, artefact: Artefact) -> System:
        """This system with the artefact's parameters."""
        ...


_ADMITTED: list[External] = []
"""The external systems of this process."""
_ASKED: list[str] = []
"""What they were asked for by."""


def admit(names: Sequence[str], onnx: Sequence[str] = ()) -> None:
    """Have these external systems in the registry, and no other ones; once, when a process is wired.

    Args:
        names: of systems of other packages.
        onnx: models as ONNX, NAME=HASH each.

    Raises:
        SystemsUnusable: names each that cannot be used.
    """
    if [*names, *onnx] == _ASKED:
        return
    _ADMITTED.clear()
    _ASKED.clear()
    _found.cache_clear()
    taken = _all_ids()
    found = (*load(names, taken), *configured(onnx, (*taken, *names)))
    _ADMITTED.extend(found)
    _ASKED.extend((*names, *onnx))
    _found.cache_clear()


def prepare(names: Collection[str], read: Read | None) -> None:
    """Load the models as ONNX that are among these systems, so that they can be run.

    Args:
        read: reads the store of models; None if there is none.

    Raises:
        ModelUnavailable: one is not in the store, is not what its hash says, or cannot be run here.
        Unavailable: the store does not answer.
    """
    for model in _models(names):
        model.prepare(read)


def verify(names: Collection[str], read: Read | None) -> None:
    """See that the store has the models as ONNX that are among these systems; none is run. Raises like `prepare`."""
    for model in _models(names):
        model.verify(read)


def _models(names: Collection[str]) -> Iterator[OnnxSystem]:
    inner = (external.inner for external in _ADMITTED if external.system_id in names)
    return (system for system in inner if isinstance(system, OnnxSystem))


def external_versions(ids: Sequence[str]) -> dict[str, str]:
    """The versions of the external systems among these ids and those that they read, by id."""
    wanted = with_members(ids) if _ADMITTED else ()
    return {external.system_id: external.version for external in _ADMITTED if external.system_id in wanted}


@lru_cache(maxsize=1)
def _found() -> tuple[System, ...]:
    found: list[System] = [*_ADMITTED]
    for module in iter_modules(__path__):
        system: System | None = getattr(import_module(f"{__name__}.{module.name}"), "SYSTEM", None)
        if system is not None:
            found.append(system)
    return tuple(sorted(found, key=lambda system: (getattr(system, "stage", 0), system.system_id)))


def system_ids() -> tuple[str, ...]:
    """The ids of the systems that make rows; those that read other systems' estimates come last."""
    return tuple(system.system_id for system in _found() if not _is_member_only(system))


def member_ids() -> tuple[str, ...]:
    """The ids of the systems that make no rows: an ensemble reads them."""
    return tuple(system.system_id for system in _found() if _is_member_only(system))


def _is_member_only(system: System) -> bool:
    return bool(getattr(system, "member_only", False))


def _all_ids() -> tuple[str, ...]:
    return tuple(system.system_id for system in _found())


def systems(ids: Sequence[str] | None = None, artefact: Artefact | None = None) -> tuple[System, ...]:
    """Fitted systems; those that read other systems' estimates come last.

    Args:
        ids: system ids; None for all, with those that only an ensemble reads.
        artefact: the fitted parameters; None for the artefact of the package.

    Raises:
        InvalidInput: no system has that id.
        ArtefactRefused: the artefact of the package is invalid.
    """
    for name in ids or ():
        if name not in _all_ids():
            raise InvalidInput("systems", f"names out of {', '.join(system_ids())}; got {name!r}")
    wanted = set(_all_ids() if ids is None else ids)
    fitted = artefact or load_artefact()
    return tuple(_fit(system, fitted) for system in _found() if system.system_id in wanted)


def _fit(system: System, artefact: Artefact) -> System:
    return system.fitted(artefact) if isinstance(system, Fitted) else system


def with_members(ids: Sequence[str]) -> tuple[str, ...]:
    """The ids, and those of the systems whose estimates they read: an ensemble needs its members."""
    found = {system.system_id: system for system in _found()}
    wanted: set[str] = set()
    waiting = list(ids)
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting.extend(getattr(found.get(name), "members", ()))
    return tuple(name for name in _all_ids() if name in wanted) + tuple(name for name in ids if name not in found)


def fitted_by(ids: Sequence[str], artefact: Artefact) -> Callable[[Sequence[str]], Sequence[System]]:
    """What gives the systems to run, in order, so that those asked for have all they read, as fitted by an artefact.

    Args:
        ids: the systems that may be asked for.
    """
    every = systems(with_members(ids), artefact)

    @cache
    def run_for(wanted: tuple[str, ...]) -> Sequence[System]:
        needed = set(with_members(wanted))
        return tuple(s for s in every if s.system_id in needed)

    return lambda wanted: run_for(tuple(wanted))


def by_version(ids: Sequence[str]) -> Callable[[Sequence[str], str], Sequence[System]]:
    """What gives the systems to run so that those asked for have all they read, as fitted for features of a version.

    Args:
        ids: the systems that may be asked for.
    """

    @cache
    def run_for(version: str) -> Callable[[Sequence[str]], Sequence[System]]:
        return fitted_by(ids, load_artefact(feature_version=version))

    # When a process starts, so that it ends if a system is unknown; the models of another version are loaded when one is met.
    run_for(FEATURE_VERSION)
    # Features of another version reach no system: the worker and the fit have a gate, whose error says what was expected.
    return lambda wanted, version: run_for(version if version in ACCEPTED else FEATURE_VERSION)(wanted)


def estimate_all(
    chosen: Sequence[System], inputs: PlayerInputs
) -> tuple[dict[str, Estimate], dict[str, InsufficientData]]:
    """The systems' estimates of a player, and the errors of those without one; in the order of the registry."""
    estimates: dict[str, Estimate] = {}
    refused: dict[str, InsufficientData] = {}
    for system in chosen:
        try:
            estimates[system.system_id] = system.estimate(inputs, estimates)
        except InsufficientData as reason:
            refused[system.system_id] = reason
    return estimates, refused
