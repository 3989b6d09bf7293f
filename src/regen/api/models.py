"""Which published models are in use, what challenges them, and what an order to change that would do."""

from __future__ import annotations

from typing import Annotated

from msgspec import field

from regen.api.words import Answer, Moment, one_of


class ModelUse(Answer, frozen=True, kw_only=True):
    """An order that put a model into use.

    Attributes:
        hash: of the artefact, as rows name it (`ml_model_id`).
        feature_version: of the features that it was fitted on.
        on_behalf_of: the person behind the caller.
    """

    hash: str
    feature_version: str
    at: Moment
    by: str
    on_behalf_of: str | None = None
    reason: str


class Challenger(Answer, frozen=True, kw_only=True):
    """The order that made an artefact or a system a challenger.

    Attributes:
        name: the artefact's hash, or the system's id.
        on_behalf_of: the person behind the caller.
    """

    name: str
    at: Moment
    by: str
    on_behalf_of: str | None = None
    reason: str


class ModelsInUse(Answer, frozen=True, kw_only=True):
    """The models in use.

    Attributes:
        has_store: whether a store of models is configured; without one every batch uses what the release ships.
        in_use: the hash in use, by the version of the features.
        packaged: the hash that the release ships, likewise.
        history: the orders, newest first.
        challengers: what challenges, the oldest first: it predicts every batch, too, into a table of its own.
    """

    has_store: bool
    in_use: dict[str, str]
    packaged: dict[str, str]
    history: list[ModelUse]
    challengers: list[Challenger] = field(default_factory=list)


class WouldUse(Answer, frozen=True, kw_only=True):
    """What an order to use a model would do.

    Attributes:
        hash: what would be in use.
        instead_of: what is in use now.
    """

    status: Annotated[str, one_of("dry_run")] = "dry_run"
    would: Annotated[str, one_of("use", "rollback", "nothing")]
    feature_version: str
    hash: str
    instead_of: str


class WouldChallenge(Answer, frozen=True, kw_only=True):
    """What an order to make a challenger, or to end one, would do.

    Attributes:
        challengers: what would challenge then.
    """

    status: Annotated[str, one_of("dry_run")] = "dry_run"
    would: Annotated[str, one_of("challenge", "end", "nothing")]
    challenger: str
    challengers: list[str]
