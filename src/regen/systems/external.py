"""Systems of other packages: found by their entry point, loaded only if they are named, never believed further than checked.

A package declares `[project.entry-points."regen.systems"]` with a line `NAME = "module:make"`. That it is installed makes nothing of it a
system: the setting `REGEN_EXTERNAL_SYSTEMS` names those that are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from regen.domain.errors import Defect, InsufficientData
from regen.domain.estimate import Estimate, System, in_plain_types, out_of_bounds
from regen.domain.inputs import PlayerInputs
from regen.domain.models import is_challenger_name, is_hash
from regen.domain.values import replace

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint

GROUP = "regen.systems"
_VERSION = re.compile(r"[A-Za-z0-9._+]{1,40}")
_REASON = re.compile(r"[a-z][a-z0-9_]{0,49}")


class SystemsUnusable(Defect):
    """An external system that is named cannot be used; the message says which, and why."""


class SystemMisbehaved(Defect):
    """An external system gave something else than an estimate, or one out of bounds."""


class External(Struct, frozen=True, weakref=True):
    """A system of another package.

    Attributes:
        inner: as the package makes it.
        version: its own version, then name, version and fingerprint of the package: a row's `ml_model_id` is what follows the first `-`.
        package: name and version.
        members: ids of the systems whose estimates it reads.
        stage: systems of a later stage read the estimates of the earlier ones.
    """

    inner: System
    system_id: str
    version: str
    package: str
    requires: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    stage: int = 0

    def estimate(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Estimate:
        """Estimate one player. What the system is given it cannot change, and what it gives is checked.

        Raises:
            InsufficientData: the inputs lack something that the system requires.
            SystemMisbehaved: it gives no estimate within bounds, or wants to end the process.
        """
        seen = replace(inputs, features=MappingProxyType(dict(inputs.features)))
        try:
            found = self.inner.estimate(seen, MappingProxyType(dict(others)))
        except SystemExit as error:
            raise SystemMisbehaved(f"{self.system_id} asked the process to end") from error
        except InsufficientData as error:
            if not is_reason(error.reason):
                raise SystemMisbehaved(f"{self.system_id}: a reason is a short word, got {error.reason!r}") from error
            raise
        if not isinstance(found, Estimate):
            raise SystemMisbehaved(f"{self.system_id} gave a {type(found).__name__}, no Estimate")
        if problem := out_of_bounds(found):
            raise SystemMisbehaved(f"{self.system_id}: {problem}")
        return in_plain_types(found)


def is_reason(reason: object) -> bool:
    """Whether a text can be the reason of an outcome, such as `no_history`."""
    return isinstance(reason, str) and _REASON.fullmatch(reason) is not None


def installed() -> dict[str, str]:
    """The external systems that are installed, whether they are named or not, with the package of each."""
    return {name: ", ".join(_package(one) for one in found) for name, found in sorted(_entries().items())}


def load(names: Sequence[str], built_in: Collection[str]) -> tuple[External, ...]:
    """The external systems of these names.

    Args:
        built_in: ids that are taken.

    Raises:
        SystemsUnusable: names each that is not installed, is there twice, takes the id of another, or is no system.
    """
    if not names:
        return ()
    entries = _entries()
    found: list[External] = []
    problems: list[str] = []
    for name in dict.fromkeys(names):
        if problem := _unusable(name, entries, built_in):
            problems.append(f"{name}: {problem}")
            continue
        try:
            found.append(_loaded(entries[name][0]))
        except SystemsUnusable as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise SystemsUnusable("external systems (REGEN_EXTERNAL_SYSTEMS) that cannot be used: " + "; ".join(problems))
    return tuple(found)


def _unusable(name: str, entries: Mapping[str, Sequence[EntryPoint]], built_in: Collection[str]) -> str | None:
    if name in built_in:
        return "a system of regen has this name"
    if is_hash(name) or not is_challenger_name(name):
        return "expected a name of lower-case letters, digits and _, which is no hash"
    here = entries.get(name, ())
    if not here:
        others = ", ".join(sorted(entries)) or "none"
        return f"no package that is installed has this entry point of {GROUP} (those that are there: {others})"
    if len(here) > 1:
        return f"several packages have it: {', '.join(_package(one) for one in here)}"
    return None


def _entries() -> dict[str, list[EntryPoint]]:
    # A tenth of what a function takes to start: only who has external systems pays for it.
    from importlib.metadata import entry_points  # noqa: PLC0415

    found: dict[str, list[EntryPoint]] = {}
    for entry in entry_points(group=GROUP):
        known = found.setdefault(entry.name, [])
        # A folder that is on the path twice has each of its packages twice.
        if all(_package(entry) != _package(one) for one in known):
            known.append(entry)
    return found


def _package(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "a package without a name"


def _loaded(entry: EntryPoint) -> External:
    try:
        made: Any = entry.load()
        if isinstance(made, type) or not hasattr(made, "estimate"):
            made = made()
    except (Exception, SystemExit) as error:
        raise SystemsUnusable(f"{_package(entry)} cannot be loaded: {type(error).__name__}: {error}") from error
    if wrong := list(_flaws(entry.name, made)):
        raise SystemsUnusable(f"{_package(entry)} has no system there: {', '.join(wrong)}")
    if entry.dist is None:
        raise SystemsUnusable("its package has no name and version")
    version = f"{made.version}-{entry.dist.name}-{entry.dist.version}-{_fingerprint(entry.dist)}"
    rest = (tuple(made.requires), tuple(getattr(made, "members", ())), int(getattr(made, "stage", 0)))
    return External(made, entry.name, version, _package(entry), *rest)


def _flaws(name: str, made: Any) -> Iterator[str]:  # noqa: ANN401 - whatever a package has made
    estimate: Callable[..., object] | None = getattr(made, "estimate", None)
    if not callable(estimate):
        yield "it has no estimate(inputs, others)"
    if getattr(made, "system_id", None) != name:
        yield f"its system_id is {getattr(made, 'system_id', None)!r}, not the entry point's name"
    if not isinstance(version := getattr(made, "version", None), str) or not _VERSION.fullmatch(version):
        yield f"its version is {version!r}, not up to 40 letters, digits and . _ +"
    for field, default in (("requires", None), ("members", ())):
        words = getattr(made, field, default)
        if not isinstance(words, tuple | list) or not all(isinstance(word, str) for word in words):
            yield f"its {field} are {words!r}, not a tuple of names"
    if not isinstance(getattr(made, "stage", 0), int):
        yield "its stage is no number"


def _fingerprint(distribution: Distribution) -> str:
    """Eight hex digits of the hashes of the package's files: a wheel that was built again under its old version has others."""
    lines = [
        f"{file.as_posix()} {file.hash.value}"
        for file in distribution.files or ()
        # What an installer writes itself has the hash of the machine.
        if file.hash and ".dist-info/" not in file.as_posix() and not file.as_posix().startswith("..")
    ]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:8]
