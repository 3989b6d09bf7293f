"""A batch: the sentence, the phases, its players, the checks as value against limit, waivers, history, what moved."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache

from regen.api.batches import WholeBatch
from regen.api.forms import record
from regen.api.moves import Moves
from regen.client.answers import Received
from regen.client.moves import moves, of_answer
from regen.client.standing import facts_of, looked_at
from regen.client.summary import batch_sentence
from regen.client.waiting import finished, is_ended
from regen.console.charts import check_bar, dumbbells, lanes, spans
from regen.console.looks import Ask, Seen
from regen.console.pages.paging import paged
from regen.console.rendering import LIVE, QUIET, Page
from regen.console.site import RECENT, Asked, Site, as_id, stale
from regen.domain.batch_facts import waived
from regen.domain.checks import CHECKS, NEVER_ACCEPTED

ACTS: Mapping[str, frozenset[str]] = {
    "cancel": frozenset({"created", "dispatching", "running", "complete", "verifying"}),
    "close": frozenset({"dispatching", "running"}),
    "redrive": frozenset({"promoted", "rejected", "held", "cancelled"}),
    "promote": frozenset({"rejected", "held"}),
    "rollback": frozenset({"promoted"}),
}
"""In which states an order makes sense. The coordinator decides; the page only leaves out what it would surely refuse."""
PENDING = "pending"
MOST_CHANGED = 40
"""Names of inputs that are listed as changed."""


def batch(site: Site, asked: Asked) -> Page:
    """A batch, from its record alone."""
    name = as_id(asked.path["batch"])
    seen: Seen[WholeBatch] = site.memory.look(site.batch(name))
    view = seen.value
    if view is None:
        return Page("away.html", name, {"seen": seen, "stale": [], "what": name}, QUIET, "", 503)
    ended = is_ended(view)
    players = _players(view)
    wanted, text = asked.option("outcome"), asked.option("q").lower()
    chosen = [p for p in players if (not wanted or p["outcome"] == wanted) and text in str(p["player_lookup"]).lower()]
    facts = {
        "view": view,
        "sentence": batch_sentence(view),
        "counts": view.counts,
        "done": finished(view),
        "phases": lanes([(str(view.game_date), spans(view))], "Phases of the batch"),
        "left": _left(view, site.now()) if not ended else None,
        "players": paged(chosen, asked),
        "outcomes": sorted(Counter(str(p["outcome"]) for p in players).items()),
        "reasons": Counter((p["outcome"], str(p["reason"])) for p in players if p["outcome"] != PENDING).most_common(
            20
        ),
        "wanted": wanted,
        "q": asked.option("q"),
        "checks": _checks(view),
        "unseen": (view.verdict.not_looked_at if view.verdict else None) or (),
        "waived": view.verdict.accepted if view.verdict else (),
        "waivers": [waived(waiver) for waiver in facts_of(view).waivers],
        "acts": [word for word, states in ACTS.items() if view.status in states],
        "logs": site.target.logs_of(name),
        "stale": stale(seen),
    }
    return Page("batch.html", name, facts, QUIET if ended else LIVE, "")


def _left(view: WholeBatch, now: datetime) -> float:
    """Seconds to the deadline; less than none if it has passed."""
    return (view.deadline - now).total_seconds()


def _players(view: WholeBatch) -> list[dict[str, object]]:
    """Those without predictions and those who wait; the record does not name the produced ones."""
    waiting: list[dict[str, object]] = [
        {"player_lookup": p, "outcome": PENDING, "reason": None, "error": None} for p in view.pending
    ]
    return [*waiting, *map(record, view.outcomes)]


@cache
def meanings() -> Mapping[str, tuple[str, str]]:
    """Check -> its rule, and what to do: the same words as in the runbook."""
    found = {}
    for check in CHECKS:
        text = inspect.getdoc(check.look) or ""
        todo = text.partition("What to do:")[2].strip()
        found[check.name] = (text.split("\n", 1)[0], " ".join(todo.split()))
    return found


def _checks(view: WholeBatch) -> Sequence[Mapping[str, object]]:
    accepted = view.verdict.accepted if view.verdict else ()
    rows = []
    for check in sorted(looked_at(view.verdict), key=lambda check: check.passed):
        rule, todo = meanings().get(check.name, ("a check of another version", ""))
        state = "ok" if check.passed else ("failed" if check.severity == "fail" else "low")
        more = {"rule": rule, "todo": todo, "bar": check_bar(check), "state": state, "waived": check.name in accepted}
        rows.append({**record(check), **more, "never": check.name in NEVER_ACCEPTED})
    return rows


def batch_moves(site: Site, asked: Asked) -> Page:
    """What a batch moved; two questions."""
    name = as_id(asked.path["batch"])
    seen: Seen[WholeBatch] = site.memory.look(site.batch(name))
    view = seen.value
    answer: Seen[Received[Moves]] = site.memory.look(
        Ask(("moves", name), lambda: site.records.moves(name), RECENT, view.updated_at if view else None)
    )
    said = answer.value.value if answer.value else None
    rows = of_answer(answer.value) if answer.value else []
    found = moves(rows)
    moved = [p for p in found.players if abs(p.move) >= 0.05 or p.flips]
    tiers = Counter((r.old_tier or "unknown", r.new_tier or "withdrawn") for r in rows)
    flips = [r for r in rows if r.has_flipped]
    facts = {
        "name": name,
        "day": str(view.game_date if view else said.game_date if said else ""),
        "view": view,
        "sentence": batch_sentence(view) if view else "",
        "moves": answer,
        "rows": rows,
        "would": said is not None and said.status == "would_move",
        "left_off": said.left_off if said else 0,
        "found": found,
        "moved": paged(moved, asked),
        "unmoved": len(found.players) - len(moved),
        "drawing": dumbbells(moved, "Old and new points of the players who moved most"),
        "tiers": tiers.most_common(),
        "changed": Counter(n for r in rows for n in r.changed_inputs or ()).most_common(MOST_CHANGED),
        "flips": flips[:100],
        "flip_total": len(flips),
        "stale": stale(seen, answer),
    }
    return Page("moves.html", f"Moves of {name}", facts, QUIET, "")
