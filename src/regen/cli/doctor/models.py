"""The models in use: which, since when, by whom, how old the fit is, and whether each can be had and is what its hash says."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from regen import clock
from regen.cli.gating import setting
from regen.cli.session import Session
from regen.client.errors import NothingFound, Problem
from regen.client.vitals import Answer, State
from regen.domain.dates import eastern_today

if TYPE_CHECKING:
    from regen.api.models import ModelsInUse
    from regen.systems.artefact import Artefact

WORSE = (State.FAILED, State.WARNING, State.OK)
"""The row has the first of these that one of the models has."""


def looked_at(session: Session) -> Answer:
    """The row: one sentence for each version of the features."""
    from regen.client.published import standing_of  # noqa: PLC0415

    try:
        standing = standing_of(session.coordinator.get("/models"))
    except Problem as problem:
        if problem.status != 404:
            raise
        return State.NONE, "an older coordinator knows no models", ""
    found = [_one(session, standing, version) for version in sorted(standing.in_use)]
    state = next((s for s in WORSE if any(one[0] is s for one in found)), State.OK)
    then = next((one[2] for one in found if one[0] is state), "")
    return state, "; ".join(one[1] for one in found), then


def _one(session: Session, standing: ModelsInUse, version: str) -> Answer:
    from regen.systems.artefact import ArtefactRefused  # noqa: PLC0415

    chosen = standing.in_use[version]
    last = next((use for use in standing.history if use.feature_version == version), None)
    who = f"since {last.at:%Y-%m-%d} by {last.on_behalf_of or last.by}" if last else "as the release ships it"
    words = f"{version}: {chosen} {who}"
    try:
        artefact = _loaded(session, chosen)
    except (ArtefactRefused, NothingFound) as error:
        rollback = f'regen models rollback --from {chosen} --reason "it is lost"'
        return State.FAILED, f"{words}, and cannot be loaded: {error}", rollback
    age = (eastern_today(clock.now()) - date.fromisoformat(artefact.last_date)).days
    words = f"{words}, fitted on games to {artefact.last_date}, {age} days ago"
    if age > (limit := int(setting("REGEN_MODEL_MAX_AGE_DAYS"))):
        return (
            State.WARNING,
            f"{words}: more than {limit}, and errors grow with it",
            "regen models refit --from-warehouse",
        )
    return State.OK, words, ""


def _loaded(session: Session, artefact_hash: str) -> Artefact:
    """The artefact, its hash verified; what the release ships is not looked for in the store."""
    from regen.client.published import artefact_of  # noqa: PLC0415
    from regen.systems.artefact import parse_artefact, shipped_texts  # noqa: PLC0415

    if (text := shipped_texts().get(artefact_hash)) is not None:
        return parse_artefact(text)
    return artefact_of(session.models, artefact_hash)[0]
