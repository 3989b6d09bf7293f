"""The slate as a batch predicts it: read, and with features made where upstream wrote the rows of the feature store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regen.domain.slate_reading import SlateReading
from regen.features.upstream import upstream_versions
from regen.features.window import window_from
from regen.services.state.deps import Deps

if TYPE_CHECKING:
    from regen.features.checkpoints import Histories


def with_features(deps: Deps, reading: SlateReading) -> SlateReading:
    """The reading with the features of upstream's rows made; as it is where there are none.

    One more statement, however many players: the league's box scores of the window, without the days that this process
    has seen already.
    """
    versions = upstream_versions()
    if not any(entry.inputs and entry.inputs.feature_version in versions for entry in reading.entries):
        return reading
    from regen.features.serving import served  # noqa: PLC0415 - a fifth of a cold start, which most processes never need

    day, kept = reading.game_date, histories(deps)
    first = window_from(day)
    days = deps.warehouse.box_scores(first, day, kept.known())
    if kept.lacks(days):
        days = deps.warehouse.box_scores(first, day)
    history, warnings = kept.before(first, days)
    return served(reading, history, warnings)


def histories(deps: Deps) -> Histories:
    """Those of this process. Two threads that make them at once lose one's box scores, which are read again."""
    from regen.features.checkpoints import Histories  # noqa: PLC0415 - as above

    if deps.kept.histories is None:
        deps.kept.histories = Histories()
    return deps.kept.histories
