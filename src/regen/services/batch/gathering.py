"""The input of a verification: the outcomes of all rounds, and the rows to stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeGuard

from msgspec import Struct

from regen.domain.batch import Act, Batch
from regen.domain.challengers import Challenged
from regen.domain.errors import InvalidInput, Unreadable
from regen.domain.outcome import Outcome, OutcomeKind, failed_outcome, latest
from regen.domain.plan import withdrawals
from regen.domain.promotion import StagedRow
from regen.domain.result_rows import prediction_row, run_row
from regen.domain.slate import Exclusion
from regen.domain.soundness import is_name
from regen.domain.values import replace
from regen.ports import Snapshot
from regen.schemas.staging import checked
from regen.services.state.decoding import check_schema, is_newer
from regen.services.state.deps import Deps
from regen.services.state.documents import CHALLENGED, decode_exclusions
from regen.services.state.packing import unpack_challenged, unpack_outcomes
from regen.services.state.paths import excluded_path, requests_path

FIELDS = ("players", "round", "opening", "state", "outcomes", "schema")


class Gathered(Struct, frozen=True):
    """The outcomes and exclusions of a batch's players.

    Attributes:
        outcomes: the one outcome that counts for each requested player.
        lost: names the records of the batch that are missing or broken, so that some outcomes are unknown; None if all
            are there.
        fresh: outcomes whose rows and runs no earlier round has made current.
        challenged: what the batch's challengers predicted, of all rounds; in no count and no check.
    """

    outcomes: Sequence[Outcome]
    fresh: Sequence[Outcome]
    runs: Sequence[Outcome]
    excluded: Sequence[Exclusion]
    lost: str | None = None
    challenged: Sequence[Challenged] = ()


def gather(deps: Deps, batch: Batch) -> Gathered:
    """Read all requests of the batch (every round) and the excluded players.

    Raises:
        Unreadable: a newer version wrote one of the records.
    """
    named = 0
    everything: list[Outcome] = []
    unfinished: list[Outcome] = []
    challenged: list[Challenged] = []
    fields = (*FIELDS, CHALLENGED) if batch.challengers else FIELDS
    for snapshot in deps.store.find(requests_path(batch.batch_id), fields=fields):
        data = snapshot.data
        _leave_newer(snapshot)
        players, round_ = data.get("players"), data.get("round")
        if data.get("opening") not in batch.openings or not _are_names(players) or type(round_) is not int:
            continue  # left by a redrive that never opened its round; or broken, so that its players are unknown
        named += len(players) if data["opening"] == batch.openings[0] else 0
        challenged += _challenged(data.get(CHALLENGED))
        if data.get("outcomes"):
            try:
                everything += unpack_outcomes(data["outcomes"])
            except Unreadable as error:
                unfinished += [failed_outcome(p, "lost_outcomes", round_, str(error)) for p in players]
        else:
            # Only a cancelled round leaves requests pending; after a deadline the sweep has closed them.
            reason = "cancelled" if data.get("state") == "pending" else "lost_outcomes"
            unfinished += [failed_outcome(p, reason, round_) for p in players]
    # Prefer a real outcome of an earlier round to `cancelled` from a later one.
    outcomes = {**latest(unfinished), **latest(everything)}
    # A promotion makes everything current that the rounds before it have produced and that was not yet.
    done = max(batch.promoted_rounds, default=0)
    fresh = [o for o in outcomes.values() if o.round > done or o.kind is not OutcomeKind.PRODUCED]
    runs = [o for o in everything if batch.act is not Act.GENERATE or o.round == batch.round]
    excluded, first = _excluded(deps, batch)
    order = sorted(outcomes.values(), key=lambda o: o.player_lookup)
    lost = _lost(batch, named, first)
    return Gathered(order, sorted(fresh, key=lambda o: o.player_lookup), runs, excluded, lost, challenged)


def _challenged(blob: bytes | None) -> list[Challenged]:
    """What challengers predicted of a request; nothing if that is broken, as it costs their rows and nothing else."""
    try:
        return unpack_challenged(blob) if blob else []
    except Unreadable:
        return []


def _leave_newer(snapshot: Snapshot) -> None:
    """Raise Unreadable at a record of a newer version: what it holds is not known, whatever it looks like."""
    if is_newer(snapshot.data):
        check_schema(snapshot.data, snapshot.path)


def _are_names(players: object) -> TypeGuard[list[str]]:
    return isinstance(players, list) and all(map(is_name, players))


def _excluded(deps: Deps, batch: Batch) -> tuple[list[Exclusion], int]:
    """The excluded players with the reason last read, and their number when the batch was opened."""
    read: dict[str, list[Exclusion]] = {}
    for snapshot in deps.store.find(excluded_path(batch.batch_id)):
        _leave_newer(snapshot)
        # Players of a broken document count as lost.
        read.setdefault(str(snapshot.data.get("opening", "")), []).extend(decode_exclusions(snapshot))
    at_first = read.get("", [])
    later = [e for opening in batch.openings[1:] for e in read.get(opening, [])]
    return list({e.player_lookup: e for e in (*at_first, *later)}.values()), len(at_first)


def _lost(batch: Batch, named: int, excluded: int) -> str | None:
    """A text that says how many players of the fixed slate are missing. A promotion would withdraw them as off the slate."""
    missing = {"requested": batch.requested_players - named, "excluded": batch.excluded_players - excluded}
    counts = [f"{number} {word} players" for word, number in missing.items() if number > 0]
    return f"the records of {' and '.join(counts)} are missing or broken" if counts else None


def staged_rows(batch: Batch, gathered: Gathered, at: datetime) -> Iterator[StagedRow]:
    """The rows of the load job: predictions, worker runs, players ruled out, and the names on the slate."""
    for outcome in gathered.fresh:
        for prediction in outcome.predictions:
            row = prediction_row(batch, outcome, prediction, at)
            yield StagedRow("prediction", outcome.player_lookup, prediction=row)
    for outcome in gathered.runs:
        yield StagedRow("run", outcome.player_lookup, run=run_row(batch, outcome, at))
    for player, reason in sorted(withdrawals(gathered.outcomes, gathered.excluded, batch.scope).items()):
        yield StagedRow("withdrawal", player, reason=reason)
    if batch.scope.whole_slate:
        names = {o.player_lookup for o in gathered.outcomes} | {e.player_lookup for e in gathered.excluded}
        for player in sorted(names):
            yield StagedRow("slate", player)


def storable(batch: Batch, gathered: Gathered, at: datetime) -> Gathered:
    """The same, with the outcome `failed(unstorable)` for players with a row that the tables refuse."""
    problems: dict[str, str] = {}
    for row in staged_rows(batch, gathered, at):
        try:
            checked(row)
        except InvalidInput as error:
            problems.setdefault(row.player_lookup, str(error))

    def instead(outcomes: Sequence[Outcome]) -> list[Outcome]:
        return [
            failed_outcome(o.player_lookup, "unstorable", o.round, problems[o.player_lookup], o.game_id)
            if o.player_lookup in problems
            else o
            for o in outcomes
        ]

    return replace(
        gathered,
        outcomes=instead(gathered.outcomes),
        fresh=instead(gathered.fresh),
        runs=instead(gathered.runs),
    )


def expected_rows(gathered: Gathered) -> int:
    """The number of prediction rows in `staged_rows`."""
    return sum(len(o.predictions) for o in gathered.fresh)
