"""The row of the models in use."""

from __future__ import annotations

from regen import clock
from regen.cli.session import Session
from regen.cli.variables import setting
from regen.client.errors import Problem
from regen.client.vitals import Answer, State
from regen.domain.dates import eastern_today


def looked_at(session: Session) -> Answer:
    """Which models are in use, and how they stand."""
    from regen.client.model_row import model_row  # noqa: PLC0415
    from regen.client.published import artefact_of  # noqa: PLC0415

    try:
        standing = session.coordinator.models().value
    except Problem as problem:
        if problem.status != 404:
            raise
        return State.NONE, "an older coordinator knows no models", ""
    limit = int(setting("REGEN_MODEL_MAX_AGE_DAYS"))
    return model_row(
        standing, lambda named: artefact_of(lambda: session.models, named)[0], eastern_today(clock.now()), limit
    )
