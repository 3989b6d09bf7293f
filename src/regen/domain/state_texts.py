"""What each state of a batch, of a backfill's date and of a player means, and what to do in it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from regen.domain.backfill import DateStatus
from regen.domain.batch import TRANSITIONS, Status
from regen.domain.outcome import OutcomeKind


class StateText(Struct, frozen=True):
    """What is to be said of a state."""

    means: str
    to_do: str


WAIT = "`regen wait BATCH`"
BATCH: Mapping[Status, StateText] = {
    Status.CREATED: StateText("its requests are being written; nothing is published yet", WAIT),
    Status.DISPATCHING: StateText("all requests are durable; messages are being published", WAIT),
    Status.RUNNING: StateText("every message is published; workers write outcomes", WAIT),
    Status.COMPLETE: StateText("no request of the round is pending", WAIT),
    Status.VERIFYING: StateText("outcomes are checked and staged", WAIT),
    Status.PROMOTING: StateText("the transaction may have been submitted: BigQuery alone decides", WAIT),
    Status.PROMOTED: StateText(
        "its rows are current",
        "`regen diff BATCH`; if players are missing, `regen redrive BATCH`; to undo, `regen rollback BATCH`",
    ),
    Status.REJECTED: StateText(
        "a check failed; nothing changed",
        "`regen status BATCH` names the check; fix the data and `regen redrive BATCH`, or `regen promote BATCH --check NAME`",
    ),
    Status.HELD: StateText(
        "its checks passed, and it was asked to wait; nothing changed",
        "`regen diff BATCH`, then `regen promote BATCH --reason WHY`; or let it be",
    ),
    Status.CANCELLED: StateText("an operator ended it", "`regen redrive BATCH` goes on where it stopped"),
    Status.FAILED: StateText("it never dispatched", "nothing: its trigger starts another batch by itself"),
    Status.ROLLED_BACK: StateText("its promotion was undone", "`regen regenerate DATE` when the cause is mended"),
}
DATES: Mapping[DateStatus, StateText] = {
    DateStatus.WAITING: StateText("its turn has not come", "nothing: the end of another date's batch opens it"),
    DateStatus.OPENING: StateText("its batch is being opened", "nothing"),
    DateStatus.RUNNING: StateText("its batch is under way", WAIT),
    DateStatus.PROMOTED: StateText("its batch was promoted", "nothing"),
    DateStatus.REJECTED: StateText("its batch was rejected", "as for the batch"),
    DateStatus.HELD: StateText("its batch is held", "as for the batch"),
    DateStatus.FAILED: StateText("no batch of it could be opened", "`regen backfill FROM TO --only failed`"),
    DateStatus.CANCELLED: StateText("it was dropped, or its batch was cancelled or rolled back", "as for the batch"),
    DateStatus.NO_SLATE: StateText("the date has no slate", "nothing, if no game was played"),
    DateStatus.SKIPPED: StateText("left out by `--only`", "nothing"),
}
PLAYERS: Mapping[OutcomeKind, StateText] = {
    OutcomeKind.PRODUCED: StateText("the player has predictions in the batch", "nothing"),
    OutcomeKind.SKIPPED: StateText(
        "a gate kept the player out; current predictions stay, except for `out`", "`regen explain` and the reason"
    ),
    OutcomeKind.FAILED: StateText(
        "the player could not be predicted; current predictions stay", "`regen explain` and the reason"
    ),
}


def after(status: Status) -> str:
    """The states that may follow one of a batch, in words."""
    named = ", ".join(f"`{to.value}`" for to in Status if to in TRANSITIONS[status])
    return named or "none"
