"""Batches as people read them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from regen.cli.output import Output, cell, columns, some
from regen.cli.times import clock, moment
from regen.domain.persons import asked_by
from regen.domain.words import counted

if TYPE_CHECKING:
    from regen.api.batches import Found, Step, WholeBatch
    from regen.api.openings import OpeningAnswer
    from regen.client.answers import Received
    from regen.domain.batch_facts import BatchFacts

LIST = "batch_id game_date:date status coverage_pct:coverage:n2 failed::n4 created_at::3 produced::n5 requested::n6 round::n7 kind::8"
ENDS = "batch_id game_date:date status coverage_pct:coverage:n2 failed::n3 superseded::n4 inserted::n5 produced::n6 requested::n7 skipped::n8"
CHECKS = "name:check state value::n limit::n concerns::t3"
HISTORY = "at from to why::t2 by::t3"
MAX_PROBLEMS = 20


def show_opened(out: Output, received: Received[OpeningAnswer]) -> None:
    """The answer to a request for a batch."""
    if out.json:
        out.dump(received.record)
        return
    answer = received.value
    if answer.status == "halted":
        out.line(f"halted: on record as {answer.trigger_id}; {answer.note or ''}")
        out.line("next: regen resume")
        return
    if answer.status == "complete":
        out.line(f"complete: {answer.note or ''}")
        return
    who = f"{counted(answer.requested_players, 'player')} in {counted(answer.requests, 'request')}"
    text = {"coalesced": "one follow-up will start when this batch is over"}.get(answer.status, who)
    out.line(f"{answer.status}: {answer.batch_id} ({text})")
    out.line(f"next: regen wait {answer.batch_id}")


def show_batch(out: Output, batch: Received[WholeBatch], *, closes: bool = True) -> None:
    """A batch in full: the verdict first, then what is missing by name, what the checks found, and its history.

    Args:
        closes: whether what to type next closes it.
    """
    from regen.client.standing import facts_of  # noqa: PLC0415
    from regen.domain.next_steps import next_commands  # noqa: PLC0415
    from regen.domain.summary import sentence  # noqa: PLC0415

    if out.json:
        out.dump(batch.record)
        return
    view = batch.value
    facts = facts_of(view)
    out.line(f"{view.batch_id}: {view.status}, round {view.round}{', partial' if view.partial else ''}")
    out.line(sentence(facts))
    for line in _told(view, facts):
        out.line(line)
    _problems(out, view)
    _checks(out, view, facts)
    _history(out, view)
    if not closes:
        return
    out.line("")
    for n, command in enumerate(next_commands(facts)):
        out.line(f"{'or' if n else 'next'}: {command}")


def _told(view: WholeBatch, facts: BatchFacts) -> Iterator[str]:
    from regen.domain.batch_facts import waived  # noqa: PLC0415
    from regen.domain.summary import standing  # noqa: PLC0415

    if left := standing(facts):
        yield left
    for waiver in facts.waivers:
        yield waived(waiver)
    counts = view.counts
    yield f"date {view.game_date}, reason {view.reason}, by {asked_by(view.triggered_by, view.on_behalf_of)}, at {moment(view.created_at)}"
    players = (
        f"{cell(counts.requested)} requested, {cell(counts.produced)} produced, {cell(counts.skipped)} skipped, "
        f"{cell(counts.failed)} failed"
    )
    yield f"players: {players}, {len(view.pending)} pending, {view.excluded_players} excluded"
    if view.promoted_rounds or view.status == "promoted":
        rows = f"{cell(counts.superseded)} superseded, {cell(counts.inserted)} inserted, {cell(counts.withdrawn)} withdrawn"
        yield f"rows: {rows}; coverage {_percent(view.coverage_pct)}"
    else:
        yield f"coverage: {_percent(view.coverage_pct)}"
    if facts.withdrawals:
        verb = "withdrawn" if view.promoted_rounds else "would have withdrawn"
        from regen.domain.plan import in_words  # noqa: PLC0415

        yield f"{verb}: {in_words(facts.withdrawals)}"
    if view.timings:
        yield f"seconds: {', '.join(f'{name} {cell(seconds)}' for name, seconds in view.timings.items())}"
    if view.pending:
        yield f"pending: {some(view.pending)}"


def _percent(value: float | None) -> str:
    return "not measured" if value is None else f"{cell(float(value))} %"


def _problems(out: Output, view: WholeBatch) -> None:
    from regen.api.forms import record  # noqa: PLC0415

    problems = view.outcomes
    if problems:
        out.line("")
        out.table(columns("player_lookup:player outcome reason error::t2"), map(record, problems[:MAX_PROBLEMS]))
    if len(problems) > MAX_PROBLEMS:
        out.say(f"{len(problems) - MAX_PROBLEMS} more: --json has them all")


def _checks(out: Output, view: WholeBatch, facts: BatchFacts) -> None:
    from regen.api.forms import record  # noqa: PLC0415
    from regen.client.standing import looked_at  # noqa: PLC0415

    known = {waiver.check.name for waiver in facts.waivers}
    seen = sorted(((_state(c, known), c) for c in looked_at(view.verdict)), key=lambda pair: ORDER.index(pair[0]))
    if seen:
        out.line("")
        rows = [{**record(c), "state": state, "concerns": some(c.concerns)} for state, c in seen]
        out.table(columns(CHECKS), rows)
    for unseen in (view.verdict.not_looked_at if view.verdict else None) or []:
        out.line(f"not looked at: {unseen.name}: {unseen.why}")


ORDER = ("FAILED", "waived", "warns", "ok")


def _state(check: Found, waived_names: set[str]) -> str:
    if check.passed:
        return "ok"
    if check.severity != "fail":
        return "warns"
    return "waived" if check.name in waived_names else "FAILED"


def _history(out: Output, view: WholeBatch) -> None:
    from regen.api.forms import record  # noqa: PLC0415

    if view.history:
        out.line("")
        out.table(columns(HISTORY), [{**record(s), "at": clock(s.at), "by": _by(s)} for s in view.history])


def _by(step: Step) -> str | None:
    return asked_by(step.by, step.on_behalf_of) if step.by else None
