"""Which published model is in use, and what challenges it: the record of the orders that chose them, newest last."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from regen.domain.values import replace

MAX_USES = 100
IN_USE = "in-use"
"""Stands for every current row, whichever model it is of, where two sides are compared."""
_HASH = re.compile(r"[0-9a-f]{16}")
_NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")
PACKAGED = ""
"""Stands for the model that the release ships."""


def is_hash(name: str) -> bool:
    """Whether this is the hash of an artefact; a challenger that is none is a system, by its id."""
    return _HASH.fullmatch(name) is not None


def is_challenger_name(name: str) -> bool:
    """Whether this can be the hash of an artefact or the id of a system."""
    return _NAME.fullmatch(name) is not None


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


class Challenge(Struct, frozen=True):
    """One order that made an artefact or a system a challenger.

    Attributes:
        name: the artefact's hash, or the system's id.
        ended_at: when another order ended it; None while it challenges.
    """

    name: str
    at: datetime
    by: str
    reason: str
    on_behalf_of: str | None = None
    ended_at: datetime | None = None


class InUse(Struct, frozen=True):
    """The record: every order that counts, newest last."""

    uses: tuple[Use, ...] = ()
    challenges: tuple[Challenge, ...] = ()

    @property
    def challengers(self) -> tuple[Challenge, ...]:
        """Those that have not ended, the oldest first."""
        return tuple(challenge for challenge in self.challenges if challenge.ended_at is None)

    def challenged(self, challenge: Challenge) -> InUse:
        """The record with one more challenger. Of those that have ended, the oldest are forgotten."""
        ended = [old for old in self.challenges if old.ended_at is not None][-MAX_USES:]
        kept = [old for old in self.challenges if old.ended_at is None or old in ended]
        return replace(self, challenges=(*kept, challenge))

    def unchallenged(self, name: str, at: datetime) -> InUse:
        """The record after the end of a challenge."""
        ended = (replace(c, ended_at=at) if c.name == name and c.ended_at is None else c for c in self.challenges)
        return replace(self, challenges=tuple(ended))

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
        return replace(self, uses=(*self.uses, use)[-MAX_USES:])
