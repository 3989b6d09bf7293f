"""Batches as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from regen.cli.output import Output, cell, columns, some
from regen.cli.times import clock, moment
from regen.domain.persons import asked_by

if TYPE_CHECKING:
    from regen.domain.batch_facts import BatchFacts

LIST = "batch_id game_date:date status coverage_pct:coverage:n2 failed::n4 created_at::3 produced::n5 requested::n6 round::n7 kind::8"
ENDS = "batch_id game_date:date status coverage_pct:coverage:n2 failed::n3 superseded::n4 inserted::n5 produced::n6 requested::n7 skipped::n8"
CHECKS = "name:check state value::n limit::n concerns::t3"
HISTORY = "at from to why::t2 by::t3"
MAX_PROBLEMS = 20

View = Mapping[str, Any]


def show_opened(out: Output, answer: View) -> None:
    """The answer to a request for a batch."""
    if out.json:
        out.dump(answer)
        return
    if answer["status"] == "halted":
        out.line(f"halted: on record as {answer['trigger_id']}; {answer['note']}")
        out.line("next: regen resume")
        return
    if answer["status"] == "complete":
        out.line(f"complete: {answer['note']}")
        return
    who = f"{answer['requested_players']} players in {answer['requests']} requests"
    text = {"coalesced": "one follow-up will start when this batch is over"}.get(answer["status"], who)
    out.line(f"{answer['status']}: {answer['batch_id']} ({text})")
    out.line(f"next: regen wait {answer['batch_id']}")


def show_batch(out: Output, view: View, *, closes: bool = True) -> None:
    """A batch in full: the verdict first, then what is missing by name, what the checks found, and its history.

    Args:
        closes: whether what to type next closes it.
    """
    from regen.client.standing import facts_of  # noqa: PLC0415
    from regen.domain.next_steps import next_commands  # noqa: PLC0415
    from regen.domain.summary import sentence  # noqa: PLC0415

    if out.json:
        out.dump(view)
        return
    facts = facts_of(view)
    out.line(f"{view['batch_id']}: {view['status']}, round {view['round']}{', partial' if view['partial'] else ''}")
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


def _told(view: View, facts: BatchFacts) -> Iterator[str]:
    from regen.domain.batch_facts import waived  # noqa: PLC0415
    from regen.domain.summary import standing  # noqa: PLC0415

    if left := standing(facts):
        yield left
    for waiver in facts.waivers:
        yield waived(waiver)
    counts = view["counts"]
    yield f"date {view['game_date']}, reason {view['reason']}, by {asked_by(view['triggered_by'], view.get('on_behalf_of'))}, at {moment(view['created_at'])}"
    players = ", ".join(f"{cell(counts[name])} {name}" for name in ("requested", "produced", "skipped", "failed"))
    yield f"players: {players}, {len(view['pending'])} pending, {view['excluded_players']} excluded"
    if view.get("promoted_rounds") or view["status"] == "promoted":
        rows = ", ".join(f"{cell(counts[name])} {name}" for name in ("superseded", "inserted", "withdrawn"))
        yield f"rows: {rows}; coverage {_percent(view['coverage_pct'])}"
    else:
        yield f"coverage: {_percent(view['coverage_pct'])}"
    if withdrawn := view.get("withdrawals"):
        verb = "withdrawn" if view.get("promoted_rounds") else "would have withdrawn"
        from regen.domain.plan import in_words  # noqa: PLC0415

        yield f"{verb}: {in_words(withdrawn)}"
    if view["timings"]:
        yield f"seconds: {', '.join(f'{name} {cell(seconds)}' for name, seconds in view['timings'].items())}"
    if view["pending"]:
        yield f"pending: {some(view['pending'])}"


def _percent(value: float | None) -> str:
    return "not measured" if value is None else f"{cell(float(value))} %"


def _problems(out: Output, view: View) -> None:
    problems = view["outcomes"]
    if problems:
        out.line("")
        out.table(columns("player_lookup:player outcome reason error::t2"), problems[:MAX_PROBLEMS])
    if len(problems) > MAX_PROBLEMS:
        out.say(f"{len(problems) - MAX_PROBLEMS} more: --json has them all")


def _checks(out: Output, view: View, facts: BatchFacts) -> None:
    from regen.client.standing import looked_at  # noqa: PLC0415

    verdict: View = view["verdict"] or {}
    known = {waiver.check.name for waiver in facts.waivers}
    rows = [{**c, "state": _state(c, known), "concerns": some(c["concerns"])} for c in looked_at(verdict)]
    if rows:
        out.line("")
        out.table(columns(CHECKS), sorted(rows, key=lambda row: ORDER.index(row["state"])))
    for unseen in verdict.get("not_looked_at", []):
        out.line(f"not looked at: {unseen['name']}: {unseen['why']}")


ORDER = ("FAILED", "waived", "warns", "ok")


def _state(check: View, waived_names: set[str]) -> str:
    if check["passed"]:
        return "ok"
    if check["severity"] != "fail":
        return "warns"
    return "waived" if check["name"] in waived_names else "FAILED"


def _history(out: Output, view: View) -> None:
    steps = view.get("history") or ()
    if steps:
        out.line("")
        out.table(columns(HISTORY), [{**step, "at": clock(step["at"]), "by": _by(step)} for step in steps])


def _by(step: View) -> str | None:
    return asked_by(step["by"], step.get("on_behalf_of")) if step.get("by") else None
