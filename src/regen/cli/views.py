"""Batches as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regen.cli.output import Output, cell, columns, some
from regen.domain.plan import in_words

LIST = (
    "batch_id kind game_date:date status round::n requested::n produced::n failed::n coverage_pct:coverage:n created_at"
)
ENDS = "batch_id game_date:date status requested::n produced::n skipped::n failed::n superseded::n inserted::n coverage_pct:coverage:n"
MAX_PROBLEMS = 20

View = Mapping[str, Any]


def show_opened(out: Output, answer: View) -> None:
    """The answer to a request for a batch."""
    if out.json:
        out.dump(answer)
        return
    who = f"{answer['requested_players']} players in {answer['requests']} requests"
    text = {"coalesced": "one follow-up will start when this batch is over"}.get(answer["status"], who)
    out.line(f"{answer['status']}: {answer['batch_id']} ({text})")
    out.line(f"next: regen wait {answer['batch_id']}")


def show_batch(out: Output, view: View) -> None:
    """A batch in full: where it stands, what is missing by name, what the checks found."""
    if out.json:
        out.dump(view)
        return
    counts = view["counts"]
    out.line(f"{view['batch_id']}: {view['status']}, round {view['round']}{', partial' if view['partial'] else ''}")
    if view["error"]:
        out.line(f"error: {view['error']}")
    out.line(f"date {view['game_date']}, reason {view['reason']}, by {view['triggered_by']}, at {view['created_at']}")
    players = ", ".join(f"{cell(counts[name])} {name}" for name in ("requested", "produced", "skipped", "failed"))
    out.line(f"players: {players}, {len(view['pending'])} pending, {view['excluded_players']} excluded")
    rows = ", ".join(f"{cell(counts[name])} {name}" for name in ("superseded", "inserted", "withdrawn"))
    out.line(f"rows: {rows}; {cell(counts['kept'])} players kept theirs; coverage {cell(view['coverage_pct'])}")
    if withdrawn := view.get("withdrawals"):
        verb = "withdrawn" if view["promoted_rounds"] else "would have withdrawn"
        out.line(f"{verb}: {in_words(withdrawn)}")
    steps = ", ".join(f"{name} {cell(seconds)}" for name, seconds in view["timings"].items())
    out.line(f"seconds: {steps}")
    if view["pending"]:
        out.line(f"pending: {some(view['pending'])}")
    _problems(out, view)
    _checks(out, view)


def _problems(out: Output, view: View) -> None:
    problems = view["outcomes"]
    if problems:
        out.line("")
        out.table(columns("player_lookup:player outcome reason error"), problems[:MAX_PROBLEMS])
    if len(problems) > MAX_PROBLEMS:
        out.say(f"{len(problems) - MAX_PROBLEMS} more: --json has them all")


def _checks(out: Output, view: View) -> None:
    checks = (view["verdict"] or {}).get("checks", [])
    if checks:
        out.line("")
        shape = columns("name:check passed severity value::n limit::n concerns")
        out.table(shape, [{**check, "concerns": some(check["concerns"])} for check in checks])
    for unseen in (view["verdict"] or {}).get("not_looked_at", []):
        out.line(f"not looked at: {unseen['name']}: {unseen['why']}")
