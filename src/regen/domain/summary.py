"""What became of a batch, in sentences: one function for the command line, the report and the alerts.

Each sentence follows from the record alone. A number that was not measured is left out, not taken for zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from regen.domain.batch import Status
from regen.domain.batch_facts import BatchFacts, measured
from regen.domain.words import counted


def sentence(facts: BatchFacts) -> str:
    """What became of a batch, in one sentence."""
    says = SENTENCES.get(facts.status)
    return says(facts) if says else f"Its status is {facts.status}, which this version does not know."


def _created(facts: BatchFacts) -> str:
    if facts.withdrawal:
        return f"Being opened: predictions are to be withdrawn as {facts.withdrawal}."
    return f"Being opened: the requests of {_players(facts.requested)} are being written."


def _under_way(facts: BatchFacts) -> str:
    return f"Under way: {_progress(facts)}."


def _verifying(facts: BatchFacts) -> str:
    if facts.withdrawal:
        return f"Being verified: predictions are to be withdrawn as {facts.withdrawal}, none are made."
    return f"Being verified: all {_players(facts.requested)} have an outcome."


def _promoting(facts: BatchFacts) -> str:
    if facts.last_why.startswith("rollback"):
        return "Being rolled back: BigQuery is making the earlier predictions current again."
    if facts.withdrawal:
        return f"Being promoted: BigQuery is withdrawing predictions as {facts.withdrawal}."
    return "Being promoted: BigQuery is making the new predictions current."


def _rejected(facts: BatchFacts) -> str:
    head = "Rejected" if facts.round == 1 else f"Round {facts.round} rejected"
    return f"{head}: {_why_rejected(facts)}."


def _held(facts: BatchFacts) -> str:
    head = "Held" if facts.round == 1 else f"Round {facts.round} held"
    if not facts.produced:
        return f"{head}: its checks passed; no player was predicted, and what it would withdraw waits for an order to promote."
    who = _players(facts.produced)
    if facts.lacking and facts.requested is not None:
        who = f"{facts.produced} of {_players(facts.requested)}"
    return f"{head}: its checks passed; the new predictions of {who} wait for an order to promote."


def _cancelled(facts: BatchFacts) -> str:
    why = (facts.error or facts.last_why or "no reason given").removeprefix("cancelled: ")
    return f"Cancelled{_by(facts)} before its promotion: {why}."


def _never_begun(facts: BatchFacts) -> str:
    return f"Never begun: {facts.error or facts.last_why or 'its opening was lost'}."


def _rolled_back(facts: BatchFacts) -> str:
    return f"Rolled back{_by(facts)}: what it had replaced is current again."


def _unreadable(facts: BatchFacts) -> str:
    return f"This version cannot read its record: {facts.error or 'the record does not say why'}."


class DateEnd(Protocol):
    """A date of a backfill, as far as its sentence needs it; rows are None until they are counted."""

    @property
    def status(self) -> str: ...
    @property
    def superseded(self) -> int | None: ...
    @property
    def inserted(self) -> int | None: ...


def range_sentence(backfill_id: str, status: str, dates: Sequence[DateEnd]) -> str:
    """What became of a backfill, in one sentence without its stop; each date counts as what it is."""
    number = Counter(day.status for day in dates)
    ends = [f"{number[word]} {said}" for word, said in DATES.items() if number[word] or word == "promoted"]
    ends += [f"{n} {word}" for word, n in sorted(number.items()) if word not in DATES]
    promoted = [day for day in dates if day.status == "promoted"]
    superseded, inserted = (sum(day.superseded or 0 for day in promoted), sum(day.inserted or 0 for day in promoted))
    return (
        f"{backfill_id} is {status}: of {len(dates)} dates {', '.join(ends)}; "
        f"{counted(superseded, 'row')} superseded, {inserted} inserted"
    )


DATES: Mapping[str, str] = {
    "promoted": "promoted",
    "rejected": "rejected",
    "held": "held",
    "failed": "failed",
    "cancelled": "cancelled",
    "no_slate": "without a slate",
    "skipped": "left out",
    "waiting": "waiting",
    "opening": "being opened",
    "running": "under way",
}


UNPROMOTED = frozenset({Status.REJECTED, Status.HELD, Status.CANCELLED, Status.FAILED})
"""Ends that leave the current predictions as they were."""
VERIFIED = frozenset({Status.REJECTED, Status.HELD})
"""Those of them that have counted the players with current predictions."""


def standing(facts: BatchFacts) -> str | None:
    """What the batch left as it was, in one sentence; None where there is nothing to say of it."""
    if facts.status in UNPROMOTED:
        if facts.promoted_rounds:
            return f"What round {facts.promoted_rounds[-1]} promoted stayed as it was."
        if facts.status in VERIFIED and facts.kept == 0:
            return f"{facts.game_date} had no current predictions, and has none."
        known = f": {_players(facts.kept)} kept theirs" if facts.kept and facts.status in VERIFIED else ""
        return f"Every current prediction of {facts.game_date} stayed as it was{known}."
    if facts.status == Status.PROMOTED and facts.lacking and facts.kept is not None:
        if facts.kept:
            return f"{_players(facts.kept)} without new predictions kept the earlier ones."
        return "None of the players without new predictions had earlier ones."
    return None


def _promoted(facts: BatchFacts) -> str:
    if facts.error:  # only a refused rollback leaves an error on a promoted batch
        return f"Still promoted: its rollback was refused: {facts.error}."
    gone = f"{facts.withdrawn} withdrawn" if facts.withdrawn else ""
    if not facts.produced:
        return f"Promoted: no player was predicted; {_rows(facts.withdrawn)} withdrawn{_reasons(facts)}."
    who = _players(facts.produced)
    if facts.lacking and facts.requested is not None:
        who = f"{facts.produced} of {_players(facts.requested)}"
    if not facts.superseded and not facts.withdrawn:
        head, rows = "first predictions of", [f"{_rows(facts.inserted)} inserted", "nothing was replaced"]
    else:
        replaced = f"{_rows(facts.superseded)} superseded"
        head, rows = "new predictions of", [replaced, f"{facts.inserted or 0} inserted", *([gone] if gone else [])]
    text = f"Promoted: {head} {who}; {', '.join(rows)}{_reasons(facts)}"
    if facts.waivers:
        text += f"; accepted in spite of {_listed([w.check.name for w in facts.waivers])}"
    return f"{text}."


def _reasons(facts: BatchFacts) -> str:
    if not facts.withdrawn or not facts.withdrawals:
        return ""
    each = (f"{n['players']} {reason}" for reason, n in sorted(facts.withdrawals.items()))
    return f" ({', '.join(each)})"


def _why_rejected(facts: BatchFacts) -> str:
    if facts.failed_checks:
        return "; ".join(measured(check) for check in facts.failed_checks)
    return facts.error or facts.last_why or "the record does not say why"


def _progress(facts: BatchFacts) -> str:
    done = None if facts.requested is None or facts.pending is None else facts.requested - facts.pending
    if done is None:
        return f"{_players(facts.requested)} are being predicted"
    return f"{done} of {_players(facts.requested)} have an outcome, {facts.pending} pending"


def _by(facts: BatchFacts) -> str:
    return f" by {facts.last_by}" if facts.last_by else ""


def _players(count: int | None) -> str:
    if count is None:
        return "the players"
    return f"{count} player{'' if count == 1 else 's'}"


def _rows(count: int | None) -> str:
    return f"{count or 0} row{'' if count == 1 else 's'}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


SENTENCES: Mapping[str, Callable[[BatchFacts], str]] = {
    Status.CREATED: _created,
    Status.DISPATCHING: _under_way,
    Status.RUNNING: _under_way,
    Status.COMPLETE: _verifying,
    Status.VERIFYING: _verifying,
    Status.PROMOTING: _promoting,
    Status.PROMOTED: _promoted,
    Status.REJECTED: _rejected,
    Status.HELD: _held,
    Status.CANCELLED: _cancelled,
    Status.FAILED: _never_begun,
    Status.ROLLED_BACK: _rolled_back,
    "unreadable": _unreadable,
}
"""What makes the sentence of each status."""
