"""Waivers: an operator accepts failed checks by name. A waiver belongs to what was seen, and to nothing else.

It holds for the round that `promote` opens, as long as the check says what it said when the operator accepted it. A redrive
reads the inputs again, so that it begins without waivers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec import Struct

from regen.domain.checks.evidence import CheckResult
from regen.domain.errors import InvalidInput
from regen.domain.nearest import nearest, the_nearest

NEVER_ACCEPTED = frozenset({"in_range", "unique_keys", "rows_staged", "minimum_produced"})
"""Checks that no operator can waive: the tables would be wrong."""


class FailedCheck(Struct, frozen=True):
    """A check that failed, with what it measured."""

    name: str
    value: float | None = None
    limit: float | None = None
    concerns: tuple[str, ...] = ()


def failed_checks(verdict: Mapping[str, Any] | None) -> dict[str, FailedCheck]:
    """The checks that failed in a verdict, by name, those that were waived among them."""
    return {
        check["name"]: FailedCheck(
            check["name"], check.get("value"), check.get("limit"), tuple(check.get("concerns") or ())
        )
        for check in (verdict or {}).get("checks", [])
        if check["severity"] == "fail" and not check["passed"]
    }


def refuse_unseen(named: Sequence[str], verdict: Mapping[str, Any] | None, known: Collection[str]) -> None:
    """Refuse names that do not accept exactly what failed.

    Args:
        known: the names of all checks.

    Raises:
        InvalidInput: a name is of no check, or of one that did not fail or that cannot be accepted; or a failed check is
            not named.
    """
    failed = failed_checks(verdict)
    all_failed = f"failed: {', '.join(sorted(failed)) or 'none'}"
    for name in named:
        if name in NEVER_ACCEPTED:
            raise InvalidInput("checks", f"checks that can be accepted; {name} cannot")
        if name not in known and name not in failed:
            near = the_nearest(nearest(name, {*known, *failed}), "nearest: ")
            near = f"{near}; " if near else ""
            raise InvalidInput("checks", f"names of failed checks; there is no check {name!r} ({near}{all_failed})")
        if name not in failed:
            raise InvalidInput("checks", f"names of failed checks; {name} did not fail ({all_failed})")
    if missing := sorted(failed.keys() - set(named)):
        raise InvalidInput("checks", f"every failed check by name; missing: {', '.join(missing)}")


def holding(
    named: Sequence[str], seen: Mapping[str, Any] | None, findings: Mapping[str, CheckResult]
) -> frozenset[str]:
    """The waivers that still hold: those of checks that say the same as in the verdict that the operator saw."""
    before = failed_checks(seen)
    return frozenset(name for name in named if name in before and _says(findings.get(name)) == _says(before[name]))


def _says(found: CheckResult | FailedCheck | None) -> tuple[object, object, list[str]] | None:
    return None if found is None else (found.value, found.limit, list(found.concerns))
