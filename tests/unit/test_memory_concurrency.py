"""What BigQuery's pages say of statements that run at once, on the model that memory and simulator share."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest

from regen.adapters.memory import statements
from regen.adapters.memory.concurrency import Cancelled, TooManyStatements
from regen.adapters.memory.tables import AUDIT, FENCES, PREDICTIONS, Rows, Steps, Tables, Work, at_once
from regen.domain.audit import AuditEntry, AuditEvent
from regen.domain.errors import RegenError
from regen.domain.promotion import FenceToken

DAY = date(2026, 1, 20)
AT = datetime(2026, 1, 20, 12, tzinfo=UTC)


def replaced(by: str) -> Callable[[Rows], Rows]:
    return lambda rows: tuple(by for _ in rows)


def signed(by: int, rows: Rows) -> Rows:
    return (f"{rows[0]}{by}",)


def tables(*rows: Any) -> Tables:
    made = Tables()
    made.insert(PREDICTIONS, DAY, rows)
    return made


def by_turns(*acts: Steps[Any]) -> list[Any]:
    """What each came to, when they take one step each in turn."""
    ends: list[Any] = [None] * len(acts)
    left = dict(enumerate(acts))
    while left:
        for number, act in list(left.items()):
            try:
                next(act)
            except StopIteration as end:
                ends[number] = end.value
                del left[number]
            except RegenError as error:
                ends[number] = error
                del left[number]
    return ends


def test_a_transaction_reads_the_tables_as_they_were() -> None:
    known = tables("a")
    work = Work(known)
    known.insert(PREDICTIONS, DAY, ["b"])
    assert work.of(PREDICTIONS, DAY) == ("a",)
    work.put(PREDICTIONS, DAY, ["A"])
    assert work.of(PREDICTIONS, DAY) == ("A",)
    assert known.of(PREDICTIONS, DAY) == ("a", "b")
    work.commit()
    assert sorted(known.of(PREDICTIONS, DAY)) == ["A", "b"]


def test_one_of_two_transactions_on_a_table_is_cancelled() -> None:
    known = tables("a")
    first, second = Work(known), Work(known)
    first.put(PREDICTIONS, DAY, ["first"])
    with pytest.raises(Cancelled, match="aborted due to concurrent update against table player_prop_predictions"):
        second.put(PREDICTIONS, DAY, ["second"])
    first.commit()
    assert known.of(PREDICTIONS, DAY) == ("first",)


def test_table_change_since_begin_cancels_a_transaction() -> None:
    known = tables("a")
    late = Work(known)
    at_once(known.update(PREDICTIONS, DAY, replaced("b")))
    with pytest.raises(Cancelled):
        late.put(PREDICTIONS, DAY, ["c"])


def test_update_waits_for_the_transaction_on_its_table() -> None:
    known = tables("a")
    work = Work(known)
    work.put(PREDICTIONS, DAY, ["b"])
    update = known.update(PREDICTIONS, DAY, lambda rows: tuple(f"{row}!" for row in rows))
    for _ in range(5):
        next(update)
    work.commit()
    assert at_once(update) == ("b!",)


def test_insert_conflicts_with_nothing() -> None:
    known = tables("a")
    works = [Work(known) for _ in range(5)]
    works[0].put(PREDICTIONS, DAY, ["b"])
    for work in works[1:]:
        work.insert(PREDICTIONS, DAY, ["new"])
    for work in works:
        work.commit()
    assert sorted(known.of(PREDICTIONS, DAY)) == ["b", "new", "new", "new", "new"]


def test_an_update_that_changes_no_row_conflicts_with_nothing() -> None:
    known = tables("a")
    first, second = Work(known), Work(known)
    first.put(PREDICTIONS, DAY, ["b"])
    second.put(PREDICTIONS, DAY, list(second.of(PREDICTIONS, DAY)))
    second.commit()


def test_two_updates_run_twenty_queue_and_the_next_fails() -> None:
    known = tables("a")
    running = [known.concurrency.statement(PREDICTIONS) for _ in range(2)]
    assert [statement.runs() for statement in running] == [True, True]
    waiting = [known.concurrency.statement(PREDICTIONS) for _ in range(20)]
    assert not waiting[0].runs()
    with pytest.raises(TooManyStatements, match="limit is 20"):
        known.concurrency.statement(PREDICTIONS)
    running[0].commit([DAY])
    assert waiting[0].runs()


def test_second_update_is_run_again() -> None:
    known = tables("a")
    ends = by_turns(*(known.update(PREDICTIONS, DAY, partial(signed, n)) for n in range(4)))
    assert sorted(known.of(PREDICTIONS, DAY)[0]) == ["0", "1", "2", "3", "a"]
    assert not any(isinstance(end, Cancelled) for end in ends)


def test_an_update_is_run_again_three_times_at_most() -> None:
    known = tables("a")
    update = known.update(PREDICTIONS, DAY, replaced("slow"))
    next(update)
    for _ in range(3):
        at_once(known.update(PREDICTIONS, DAY, lambda rows: (rows[0] + "!",)))
        next(update)
    at_once(known.update(PREDICTIONS, DAY, lambda rows: (rows[0] + "!",)))
    with pytest.raises(Cancelled, match="Could not serialize access"):
        at_once(update)


@pytest.mark.parametrize("delay", range(8))
def test_simultaneous_writers_make_one_fence_row(delay: int) -> None:
    known = Tables()
    first = statements.raise_fence(known, FenceToken(DAY, 1, "first", 1))
    second = statements.raise_fence(known, FenceToken(DAY, 2, "second", 1))
    for _ in range(delay):
        next(first, None)
    by_turns(first, second)
    at_once(statements.raise_fence(known, FenceToken(DAY, 3, "third", 1)))
    assert [row.token for row in known.of(FENCES, DAY)] == [3]


@pytest.mark.parametrize("delay", range(6))
def test_a_second_writer_of_the_audit_is_cancelled(delay: int) -> None:
    known = Tables()
    entry = AuditEntry("e1", AuditEvent.REJECTED, AT, DAY, "b", 1, "rejected", "r", "verifier")
    first, second = statements.record(known, [entry]), statements.record(known, [entry])
    for _ in range(delay):
        next(first, None)
    by_turns(first, second)
    at_once(statements.record(known, [entry]))
    assert len(known.of(AUDIT, "e1")) == 1


def test_a_doubled_fence_is_mended() -> None:
    known = Tables()
    known.insert(FENCES, DAY, [statements.Fence(1, "a", 1, ("a", 1), AT), statements.Fence(2, "b", 1)])
    at_once(statements.raise_fence(known, FenceToken(DAY, 3, "c", 1)))
    assert known.of(FENCES, DAY) == (statements.Fence(3, "c", 1, ("a", 1), AT),)
