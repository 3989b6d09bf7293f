"""Which versions of features the systems take."""

from __future__ import annotations

from msgspec import Struct


class FeatureVersions(Struct, frozen=True):
    """The versions that there are models for.

    Attributes:
        accepted: of the features that a player's inputs carry.
        made_from: versions of upstream's rows of the feature store, of which accepted ones are made when a batch is opened.
    """

    accepted: tuple[str, ...]
    made_from: tuple[str, ...] = ()

    def expected(self) -> str:
        """What a row of the feature store may be, for an error's text."""
        return " or ".join((", ".join(self.accepted), *self.made_from))
