"""How the models in use stand, judged for `regen doctor`: which, since when, by whom, how old, and whether each can be had."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from regen.api.models import ModelsInUse
from regen.client.errors import NothingFound
from regen.client.vitals import Answer, State
from regen.systems.artefact import Artefact, ArtefactRefused

_WORST = (State.FAILED, State.WARNING, State.OK)


def model_row(standing: ModelsInUse, load: Callable[[str], Artefact], today: date, max_age_days: int) -> Answer:
    """A sentence for each version of the features; the state is the worst of them.

    Args:
        load: gives the artefact of a hash, verified.
        max_age_days: since the last game of a fit, above which it is a warning.
    """
    found = [_one(standing, version, load, today, max_age_days) for version in sorted(standing.in_use)]
    state = next((one for one in _WORST if any(each[0] is one for each in found)), State.OK)
    then = next((each[2] for each in found if each[0] is state), "")
    return state, "; ".join(each[1] for each in found), then


def _one(
    standing: ModelsInUse, version: str, load: Callable[[str], Artefact], today: date, max_age_days: int
) -> Answer:
    chosen = standing.in_use[version]
    last = next((use for use in standing.history if use.feature_version == version), None)
    who = f"since {last.at:%Y-%m-%d} by {last.on_behalf_of or last.by}" if last else "as the release ships it"
    words = f"{version}: {chosen} {who}"
    try:
        artefact = load(chosen)
    except (ArtefactRefused, NothingFound) as error:
        back = f'regen models rollback --from {chosen} --reason "it is lost"'
        return State.FAILED, f"{words}, and cannot be loaded: {error}", back
    age = (today - date.fromisoformat(artefact.last_date)).days
    words = f"{words}, fitted on games to {artefact.last_date}, {age} days ago"
    if age > max_age_days:
        then = "regen models refit --from-warehouse"
        return State.WARNING, f"{words}: more than {max_age_days}, and errors grow with it", then
    return State.OK, words, ""
