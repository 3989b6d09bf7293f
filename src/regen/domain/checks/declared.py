"""Declarations of checks: each has a severity, `fail` or `warn`, and the name of its function.

The function's docstring states the rule, then `Fails when:` and `What to do:`, which docs/operations.md shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Literal

from msgspec import Struct

from regen.domain.batch import Thresholds
from regen.domain.checks.evidence import CheckResult, Evidence, share

Severity = Literal["fail", "warn"]
FEW = 20
"""A limit within the share of one of so many players of the one that is off is as good as off on any date."""
_PARTS = re.compile(r"(?s)\n\s*\n\s*Fails when: (?P<fails>.*?)\n\s*What to do: (?P<do>.*?)\s*$")


class Check(Struct, frozen=True):
    """One check.

    Attributes:
        setting: the name of its limit in `Evidence.thresholds`; None without a limit.
        off: the limit at which it cannot fail. The verdict then lists it as not looked at.
        worst: the worst that it could find in a batch; None if there is nothing to find. A limit that lets even that pass is
            listed, too. Without it, the worst share is that of all players but one.
    """

    name: str
    severity: Severity
    look: Callable[[Evidence], CheckResult]
    setting: str | None = None
    off: float | None = None
    worst: Callable[[Evidence], float | None] | None = None

    @property
    def said(self) -> tuple[str, str] | None:
        """When it fails and what to do then, if its function's docstring says both."""
        found = _PARTS.search(self.look.__doc__ or "")
        return (" ".join(found["fails"].split()), " ".join(found["do"].split())) if found else None

    @property
    def rule(self) -> str:
        """The rule that it holds a batch to: the first paragraph of its function's docstring."""
        return " ".join((self.look.__doc__ or "").split("\n\n")[0].split())

    def is_off(self, thresholds: Thresholds) -> bool:
        """Whether its limit is the one at which it cannot fail."""
        return self.setting is not None and thresholds[self.setting] == self.off

    def loose(self, evidence: Evidence) -> str | None:
        """Why its limit, although it is not the one that is off, lets the worst of this batch pass; None if it does not."""
        if self.setting is None or self.off is None:
            return None
        limit = evidence.limit(self.setting)
        said = f"its limit {self.setting} is {limit:g}, which is as good as off"
        if self.worst:
            worst = self.worst(evidence)
            return None if worst is None or limit < worst else f"{said}: this batch could show no more than {worst:g}"
        one = share(1, max(len(evidence.players), FEW))
        near = limit >= 100.0 - one if self.off else limit <= one
        return f"{said}: it fails only where nothing is left" if near else None


def fixed(look: Callable[[Evidence], CheckResult], severity: Severity = "fail") -> Check:
    """A check without a configurable limit."""
    return Check(look.__name__, severity, look)


def limited(
    look: Callable[[Evidence, float], CheckResult],
    setting: str,
    off: float | None = None,
    worst: Callable[[Evidence], float | None] | None = None,
) -> Check:
    """A check that fails beyond a limit, which is a setting: the row of `settings.json` that names the check."""

    @wraps(look)
    def at_its_limit(evidence: Evidence) -> CheckResult:
        return look(evidence, evidence.limit(setting))

    return Check(look.__name__, "fail", at_its_limit, setting, off, worst)
