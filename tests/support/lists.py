"""Lists of batches as the tests of the services ask for them."""

from __future__ import annotations

from regen.api.batches import ListedBatch
from regen.services.state.deps import Deps
from regen.services.views.batch_view import Filter, page_of_batches


def list_batches(deps: Deps, game_date: str | None, status: str | None) -> list[ListedBatch]:
    """The newest batches, of a date or a status."""
    return page_of_batches(deps, Filter(game_date, statuses=(status,) if status else ()))[0]
