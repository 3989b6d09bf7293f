"""A batch: the sentence, the phases, its players, the checks as value against limit, waivers, history, what moved."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from regen.client.moves import moves
from regen.client.standing import facts_of, looked_at
from regen.client.summary import batch_sentence
from regen.client.waiting import is_ended
from regen.console.charts import check_bar, dumbbells, lanes, spans
from regen.console.looks import Ask, Seen
from regen.console.pages.paging import paged
from regen.console.ports import View
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
    seen: Seen[View] = site.memory.look(site.batch(name))
    view = seen.value
    if view is None:
        return Page("away.html", name, {"seen": seen, "stale": [], "what": name}, QUIET, "", 503)
    ended = is_ended(view)
    players = _players(view)
    wanted, text = asked.option("outcome"), asked.option("q").lower()
    chosen = [p for p in players if (not wanted or p["outcome"] == wanted) and text in p["player_lookup"].lower()]
    facts = {
        "view": view,
        "sentence": batch_sentence(view),
        "counts": view["counts"],
        "done": _done(view),
        "phases": lanes([(str(view["game_date"]), spans(view))], "Phases of the batch"),
        "left": _left(view, site.now()) if not ended else None,
        "players": paged(chosen, asked),
        "outcomes": sorted(Counter(p["outcome"] for p in players).items()),
        "reasons": Counter((p["outcome"], str(p["reason"])) for p in players if p["outcome"] != PENDING).most_common(
            20
        ),
        "wanted": wanted,
        "q": asked.option("q"),
        "checks": _checks(view),
        "unseen": (view.get("verdict") or {}).get("not_looked_at", ()),
        "waived": (view.get("verdict") or {}).get("accepted", ()),
        "waivers": [waived(waiver) for waiver in facts_of(view).waivers],
        "acts": [word for word, states in ACTS.items() if view["status"] in states],
        "logs": site.target.logs_of(name),
        "stale": stale(seen),
    }
    return Page("batch.html", name, facts, QUIET if ended else LIVE, "")


def _done(view: View) -> int:
    return sum(int(view["counts"][kind] or 0) for kind in ("produced", "skipped", "failed"))


def _left(view: View, now: datetime) -> float:
    """Seconds to the deadline; less than none if it has passed."""
    return (datetime.fromisoformat(str(view["deadline"])) - now).total_seconds()


def _players(view: View) -> list[dict[str, Any]]:
    """Those without predictions and those who wait; the record does not name the produced ones."""
    waiting = [{"player_lookup": p, "outcome": PENDING, "reason": None, "error": None} for p in view["pending"]]
    return [*waiting, *(dict(p) for p in view["outcomes"])]


@cache
def meanings() -> Mapping[str, tuple[str, str]]:
    """Check -> its rule, and what to do: the same words as in the runbook."""
    found = {}
    for check in CHECKS:
        text = inspect.getdoc(check.look) or ""
        todo = text.partition("What to do:")[2].strip()
        found[check.name] = (text.split("\n", 1)[0], " ".join(todo.split()))
    return found


def _checks(view: View) -> Sequence[Mapping[str, Any]]:
    verdict: View = view.get("verdict") or {}
    accepted = verdict.get("accepted", ())
    rows = []
    for check in looked_at(verdict):
        rule, todo = meanings().get(check["name"], ("a check of another version", ""))
        state = "ok" if check["passed"] else ("failed" if check["severity"] == "fail" else "low")
        waived = check["name"] in accepted
        more = {"rule": rule, "todo": todo, "bar": check_bar(check), "state": state, "waived": waived}
        rows.append({**check, **more, "never": check["name"] in NEVER_ACCEPTED})
    return sorted(rows, key=lambda row: row["passed"])


def batch_moves(site: Site, asked: Asked) -> Page:
    """What a batch moved; two questions."""
    name = as_id(asked.path["batch"])
    seen: Seen[View] = site.memory.look(site.batch(name))
    view = seen.value or {}
    answer: Seen[View] = site.memory.look(
        Ask(("moves", name), lambda: site.records.moves(name), RECENT, view.get("updated_at"))
    )
    moves_said: View = answer.value or {"rows": [], "left_off": 0, "status": ""}
    rows = moves_said["rows"]
    found = moves(rows)
    moved = [p for p in found.players if abs(p.move) >= 0.05 or p.flips]
    tiers = Counter((str(r["old_tier"] or "unknown"), str(r["new_tier"] or "withdrawn")) for r in rows)
    flips = [r for r in rows if {r["old_recommendation"], r["new_recommendation"]} == {"OVER", "UNDER"}]
    facts = {
        "name": name,
        "day": str(view.get("game_date") or moves_said.get("game_date") or ""),
        "view": view,
        "sentence": batch_sentence(view) if view else "",
        "moves": answer,
        "rows": rows,
        "would": moves_said["status"] == "would_move",
        "left_off": moves_said["left_off"],
        "found": found,
        "moved": paged(moved, asked),
        "unmoved": len(found.players) - len(moved),
        "drawing": dumbbells(moved, "Old and new points of the players who moved most"),
        "tiers": tiers.most_common(),
        "changed": Counter(n for r in rows for n in r.get("changed_inputs") or ()).most_common(MOST_CHANGED),
        "flips": flips[:100],
        "flip_total": len(flips),
        "stale": stale(seen, answer),
    }
    return Page("moves.html", f"Moves of {name}", facts, QUIET, "")
