"""Dropping of staging tables that no promotion will use."""

from __future__ import annotations

import logging

from regen.domain import ids
from regen.domain.errors import RegenError
from regen.services.state.deps import Deps

log = logging.getLogger(__name__)


def drop_own(deps: Deps, batch_id: str, own: str) -> None:
    """Drop this owner's staging table, because another owner has ended the round."""
    try:
        deps.warehouse.drop_staging(own)
    except RegenError as error:
        log.warning("%s is left behind: %s", own, error, extra={"batch_id": batch_id})


def drop_predecessors(deps: Deps, batch_id: str, round_: int, own: str) -> None:
    """Drop the staging tables of earlier owners of an ended round; their promotions can no longer commit."""
    theirs = ids.staging_prefix(batch_id, round_)
    try:
        for table in deps.warehouse.staging_tables():
            if table.name != own and table.name.startswith(theirs):
                deps.warehouse.drop_staging(table.name)
    except RegenError as error:
        log.warning("tables of %s are left behind: %s", theirs, error, extra={"batch_id": batch_id})
