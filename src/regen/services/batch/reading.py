"""The slate as a batch predicts it: read, and with features made where upstream wrote the rows of the feature store."""

from __future__ import annotations

from regen.domain.slate_reading import SlateReading
from regen.features.serving import is_upstreams, served
from regen.features.window import window_from
from regen.services.state.deps import Deps


def with_features(deps: Deps, reading: SlateReading) -> SlateReading:
    """The reading with the features of upstream's rows made; as it is where there are none.

    One more statement, however many players: the league's box scores of the window, without the days that this process
    has seen already.
    """
    if not any(map(is_upstreams, reading.entries)):
        return reading
    day = reading.game_date
    first = window_from(day)
    days = deps.warehouse.box_scores(first, day, deps.histories.known())
    if deps.histories.lacks(days):
        days = deps.warehouse.box_scores(first, day)
    history, warnings = deps.histories.before(first, days)
    return served(reading, history, warnings)
