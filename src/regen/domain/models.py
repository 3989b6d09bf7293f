"""Which published model is in use: the record of the orders that chose it, newest last."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from regen.domain.values import replace

MAX_USES = 100
PACKAGED = ""
"""Stands for the model that the release ships."""


class Use(Struct, frozen=True):
    """One order that put a model into use.

    Attributes:
        hash: of the artefact; `PACKAGED` for the one that the release ships.
        feature_version: of the features that it was fitted on; each version has a model of its own.
        previous: what a rollback of this order brings back.
    """

    hash: str
    feature_version: str
    at: datetime
    by: str
    reason: str
    previous: str = PACKAGED
    on_behalf_of: str | None = None


class InUse(Struct, frozen=True):
    """The record: every order that counts, newest last."""

    uses: tuple[Use, ...] = ()

    def last(self, version: str) -> Use | None:
        """The order that holds for features of a version; None if there was never one."""
        return next((use for use in reversed(self.uses) if use.feature_version == version), None)

    def current(self, version: str) -> str:
        """The hash in use for features of a version, or `PACKAGED`."""
        last = self.last(version)
        return last.hash if last else PACKAGED

    def candidates(self, version: str) -> Iterator[str]:
        """The hash in use and those that were in use before it, newest first, each once; the release's own at the end."""
        seen = {PACKAGED}
        for use in reversed(self.uses):
            if use.feature_version == version and use.hash not in seen:
                seen.add(use.hash)
                yield use.hash
            elif use.feature_version == version and use.hash == PACKAGED:
                break
        yield PACKAGED

    def used(self, use: Use) -> InUse:
        """The record after an order to use another model."""
        return self._with(replace(use, previous=self.current(use.feature_version)))

    def rolled_back(self, use: Use) -> InUse:
        """The record after an order to go back: a second one goes back further, not forth again."""
        last = self.last(use.feature_version)
        target = last.previous if last else PACKAGED
        of_version = [u for u in self.uses if u.feature_version == use.feature_version]
        before = next((u.previous for u in reversed(of_version[:-1]) if u.hash == target), PACKAGED)
        return self._with(replace(use, hash=target, previous=before))

    def _with(self, use: Use) -> InUse:
        return InUse((*self.uses, use)[-MAX_USES:])
