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
from regen.domain.checks.evidence import CheckResult, Evidence

Severity = Literal["fail", "warn"]
_PARTS = re.compile(r"(?s)\n\s*\n\s*Fails when: (?P<fails>.*?)\n\s*What to do: (?P<do>.*?)\s*$")


class Check(Struct, frozen=True):
    """One check.

    Attributes:
        setting: the name of its limit in `Evidence.thresholds`; None without a limit.
        off: the limit at which it cannot fail. The verdict then lists it as not looked at.
    """

    name: str
    severity: Severity
    look: Callable[[Evidence], CheckResult]
    setting: str | None = None
    off: float | None = None

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


def fixed(look: Callable[[Evidence], CheckResult], severity: Severity = "fail") -> Check:
    """A check without a configurable limit."""
    return Check(look.__name__, severity, look)


def limited(look: Callable[[Evidence, float], CheckResult], setting: str, off: float | None = None) -> Check:
    """A check that fails beyond a limit, which is a setting: the row of `settings.json` that names the check."""

    @wraps(look)
    def at_its_limit(evidence: Evidence) -> CheckResult:
        return look(evidence, evidence.limit(setting))

    return Check(look.__name__, "fail", at_its_limit, setting, off)
