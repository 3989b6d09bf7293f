"""The verifier's part in challengers: their rows, written beside a promotion that is committed, into a table of their own."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from regen.domain.batch import Batch
from regen.domain.errors import InvalidInput
from regen.domain.outcome import Outcome
from regen.domain.result_rows import prediction_row
from regen.domain.soundness import plain
from regen.domain.words import counted
from regen.schemas import CHALLENGERS, ChallengerRow, challenger_row, table
from regen.services.batch.gathering import Gathered
from regen.services.state.deps import Deps

log = logging.getLogger(__name__)
Rows = dict[str, ChallengerRow]


def keep_challengers(deps: Deps, batch: Batch, gathered: Gathered) -> tuple[str, ...]:
    """Write the challengers' rows beside a promotion that is committed, and return the problems for the batch's record.

    A later owner of the batch comes here again: the warehouse writes a round's rows once.
    """
    if not batch.challengers:
        return ()
    rows, problems = challenger_rows(batch, gathered, deps.clock.now())
    if rows:
        try:
            deps.warehouse.keep_challengers(batch.batch_id, batch.round, rows)
        except Exception as error:  # noqa: BLE001 - the predictions are current: that the others are lost changes nothing
            lost = plain(f"its rows may not be written: {type(error).__name__}: {error}"[:300])
            problems |= {str(row["challenger"]): lost for row in rows}
    for name, problem in problems.items():
        log.warning("challenger %s: %s", name, problem, extra={"batch_id": batch.batch_id})
    return tuple(f"{name}: {problem}" for name, problem in problems.items())


def challenger_rows(batch: Batch, gathered: Gathered, at: datetime) -> tuple[list[ChallengerRow], dict[str, str]]:
    """The rows of the players who get new current ones by this round, and the problems of the challengers who lack some."""
    columns = set(table(CHALLENGERS).columns)
    players = {outcome.player_lookup: outcome.round for outcome in gathered.fresh if outcome.predictions}
    rows: Rows = {}
    has: dict[str, set[str]] = defaultdict(set)
    why: dict[str, str] = {}
    for one in gathered.challenged:
        if one.challenger not in batch.challengers:
            continue
        if one.problem:
            why.setdefault(one.challenger, one.problem)
        for outcome in one.outcomes:
            if players.get(outcome.player_lookup) == outcome.round:
                try:
                    rows |= _rows(batch, outcome, at, columns, one.challenger)
                    has[one.challenger].add(outcome.player_lookup)
                except InvalidInput as error:
                    why.setdefault(one.challenger, f"unstorable: {error}")
    problems = {}
    for name in batch.challengers:
        if lacking := len(players) - len(has[name]):
            reason = why.get(name, "no worker came to it")
            problems[name] = f"no rows of {lacking} of {counted(len(players), 'player')}: {reason}"
    return list(rows.values()), problems


def _rows(batch: Batch, outcome: Outcome, at: datetime, columns: Collection[str], challenger: str) -> Rows:
    """The rows of one player, by their ids.

    Raises:
        InvalidInput: the table refuses one of them.
    """
    own = {"challenger": challenger, "round": outcome.round, "created_at": at.isoformat()}
    found: Rows = {}
    for prediction in outcome.predictions:
        row = prediction_row(batch, outcome, prediction, at)
        found[prediction.prediction_id] = challenger_row({**{n: row[n] for n in row if n in columns}, **own})
    return found
