"""The page: one file, its charts inside it, nothing fetched, no script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from importlib import resources

from regen.api.batches import WholeBatch
from regen.client.moves import LEAST_MOVE
from regen.report.facts import Facts, movers
from regen.report.history import history
from regen.report.svg import Series, Span, bars, bins, both, colours, differences, histogram, legend, timeline
from regen.report.tables import table_html
from regen.report.texts import escape
from regen.report.verdict import verdict

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
Draw = partial[str]
FIGURES = {
    "mae": "MAE",
    "bias": "bias",
    "hit_rate_pct": "hits, %",
    "calibration_pct": "calibration",
    "over_share_pct": "OVER, %",
    "lined_pct": "lined, %",
    "rise_pct": "rise, %",
}
"""The columns of live quality that the page has."""
DOTS = 2000


def page(facts: Facts) -> str:
    """The report as HTML."""
    style = (resources.files(__package__) / "style.css").read_text(encoding="utf-8")
    title = escape(f"regen report: {facts.subject}")
    sections = "".join(f"<section><h2>{escape(head)}</h2>{body}</section>" for head, body in _sections(facts) if body)
    said = escape(f"{facts.status}, reason {facts.reason}, written {facts.made_at:%Y-%m-%d %H:%M} UTC")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{style}</style></head><body>"
        f"<header><h1>{escape(facts.subject)}</h1><p>{said}</p></header>"
        f"<main>{_tiles(facts)}{sections}</main></body></html>\n"
    )


def _sections(facts: Facts) -> Iterable[tuple[str, str]]:
    yield "Verdict", verdict(facts.batches)
    yield "Coverage by date", _coverage(facts)
    yield "Outcomes", _outcomes(facts)
    yield "Withdrawn", _withdrawn(facts)
    yield "Old against new", _old_and_new(facts)
    yield "Distribution of moves", _distribution(facts)
    yield "Biggest moves", _biggest(facts)
    yield "Accuracy before and after", _accuracy(facts)
    yield "Live quality", _quality(facts)
    yield "Timeline", _timeline(facts)
    yield "History", history(facts.batches)


def _tiles(facts: Facts) -> str:
    counts = [view.counts for view in facts.batches]
    found = facts.moves
    tiles = [
        ("dates", len({view.game_date for view in facts.batches})),
        ("players requested", sum(c.requested or 0 for c in counts)),
        ("with predictions", sum(c.produced or 0 for c in counts)),
        ("rows superseded", sum(c.superseded or 0 for c in counts)),
        ("rows inserted", sum(c.inserted or 0 for c in counts)),
        ("rows withdrawn", sum(c.withdrawn or 0 for c in counts)),
        ("predictions moved", found.changed),
        ("mean move", f"{found.mean_move:+.2f}" if facts.pairs else "-"),
        ("changed sides", found.flips),
    ]
    return "<ul class='tiles'>" + "".join(f"<li><b>{v}</b><span>{escape(k)}</span></li>" for k, v in tiles) + "</ul>"


def _coverage(facts: Facts) -> str:
    if not facts.batches:
        return "<p>No batch was opened.</p>"
    series = Series("coverage", "one", [view.coverage_pct for view in facts.batches])
    draw = partial(bars, _days(facts), [series], name="Coverage by date", unit=" %", limit=facts.threshold, top=100.0)
    rows = [(view.game_date, view.status, view.coverage_pct, facts.threshold) for view in facts.batches]
    drawn = _drawn(draw) + table_html(("date", "status", "coverage, %", "threshold, %"), rows, "Coverage by date")
    named = "".join(f"<li>{escape(day)}: {escape(why)}</li>" for day, why in facts.lacking)
    return drawn + (f"<p>Without a batch:</p><ul>{named}</ul>" if named else "")


def _outcomes(facts: Facts) -> str:
    kinds = (("produced", "good"), ("skipped", "soft"), ("failed", "bad"))
    series = [Series(kind, css, [getattr(view.counts, kind) for view in facts.batches]) for kind, css in kinds]
    reasons: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], list[str]] = {}
    for view in facts.batches:
        for problem in view.outcomes:
            key = (problem.outcome, str(problem.reason))
            reasons[key] += 1
            examples.setdefault(key, []).append(problem.player_lookup)
    rows = [(kind, reason, n, ", ".join(examples[kind, reason][:5])) for (kind, reason), n in reasons.most_common()]
    heads = ("outcome", "reason", "players", "some of them")
    numbers = [(view.game_date, *(getattr(view.counts, kind) for kind, _ in kinds)) for view in facts.batches]
    by_date = table_html(("date", *(kind for kind, _ in kinds)), numbers, "Players by outcome") if numbers else ""
    summary = (
        by_date + table_html(heads, rows, "Players without predictions, by reason", cards=True)
        if rows
        else f"{by_date}<p>{_all_well(facts)}</p>"
    )
    drawn = _drawn(partial(bars, _days(facts), series, name="Outcomes by date", stacked=True))
    return drawn + legend([(s.name, s.css) for s in series]) + summary


def _all_well(facts: Facts) -> str:
    counts = [view.counts for view in facts.batches]
    if not facts.batches:
        return "No batch was opened."
    if not sum(c.requested or 0 for c in counts):
        return "No player was requested."
    if any(c.produced is None or c.produced < (c.requested or 0) for c in counts):
        return "Not every player has an outcome yet."
    return "Every requested player was predicted."


def _withdrawn(facts: Facts) -> str:
    rows = [
        (_day(view), reason, n.players, n.rows, "withdrawn" if view.promoted_rounds else "not promoted")
        for view in facts.batches
        for reason, n in view.withdrawals.items()
    ]
    return table_html(("date", "reason", "players", "rows", "standing"), rows, "Withdrawn players") if rows else ""


def _old_and_new(facts: Facts) -> str:
    if not facts.pairs:
        return f"<p>{_nothing_replaced(facts)}</p>"
    step = -(-len(facts.pairs) // DOTS)
    shown = facts.pairs[::step]
    points = [(old, new - old, f"{who}, {system}: {old:g} to {new:g}") for who, system, old, new in shown]
    said = f"<p>{len(shown)} of {len(facts.pairs)} replaced predictions, every system.</p>"
    draw = partial(
        differences, points, name="Moves over old predictions", x_name="points before", y_name="new less old, points"
    )
    return said + _drawn(draw) + _by_system(facts)


def _by_system(facts: Facts) -> str:
    moved: dict[str, list[float]] = {}
    for _, system, old, new in facts.pairs:
        moved.setdefault(system, []).append(new - old)
    rows = [
        (name, len(by), sum(abs(d) >= LEAST_MOVE for d in by), f"{sum(by) / len(by):+.2f}", f"{max(by, key=abs):+.2f}")
        for name, by in sorted(moved.items())
    ]
    return table_html(("system", "replaced", "moved", "mean move", "largest move"), rows, "Moves by system")


def _nothing_replaced(facts: Facts) -> str:
    """Why no prediction was replaced, as the records say; an empty list alone is no reason."""
    promoted = [view for view in facts.batches if view.promoted_rounds or view.status == "promoted"]
    if not promoted:
        return "Nothing was replaced: nothing was promoted."
    if any(view.counts.superseded for view in promoted):
        return "Predictions were replaced, but their rows are no longer in the table."
    if not any(view.counts.withdrawn for view in promoted):
        return "Nothing was replaced: these are first predictions."
    return "Nothing was replaced; rows were withdrawn."


def _nothing_graded(facts: Facts) -> str:
    if not any(view.promoted_rounds or view.status == "promoted" for view in facts.batches):
        return "Nothing was promoted, so there is nothing to grade."
    return "Nothing to compare with yet: no box score of these players is in the tables."


def _distribution(facts: Facts) -> str:
    if not facts.pairs:
        return ""
    moved = [new - old for _, _, old, new in facts.pairs if abs(new - old) >= LEAST_MOVE]
    stayed = f"<p>{len(moved)} of {len(facts.pairs)} predictions moved; {len(facts.pairs) - len(moved)} did not.</p>"
    if not moved:
        return stayed
    drawn = _drawn(partial(histogram, moved, name="Distribution of moves", x_name="new less old, points"))
    rows = [(f"{low:+g} to {high:+g}", count) for low, high, count in bins(moved) if count]
    return stayed + drawn + table_html(("new less old, points", "predictions"), rows, "Predictions by their move")


def _biggest(facts: Facts) -> str:
    players = movers(facts.moves)
    rows = [
        (
            p.player_lookup,
            f"{p.old_points:.1f}",
            f"{p.new_points:.1f}",
            f"{p.move:+.2f}",
            f"{p.largest:+.2f}",
            p.flips,
            facts.changes.get(p.player_lookup, "-"),
        )
        for p in players
    ]
    heads = ("player", "old", "new", "move", "largest of any system", "changed sides", "inputs that changed")
    return table_html(heads, rows, "Players who moved most", cards=True) if rows else ""


def _accuracy(facts: Facts) -> str:
    played = [(day, found) for day, found in sorted(facts.accuracy.items()) if found["players"]]
    if not played:
        return f"<p>{_nothing_graded(facts)}</p>"
    series = [
        Series("before", "soft", [_two(found["mae_before"]) for _, found in played]),
        Series("after", "one", [_two(found["mae_after"] or found["mae"]) for _, found in played]),
    ]
    draw = partial(bars, [day[5:] for day, _ in played], series, name="Mean absolute error before and after")
    drawn = _drawn(draw) + legend([(s.name, s.css) for s in series])
    rows = [
        (day, found["players"], found["pairs"], _two(found["mae_before"]), _two(found["mae_after"]), _two(found["mae"]))
        for day, found in played
    ]
    heads = ("date", "players", "of them replaced", "MAE before", "MAE after", "MAE of all")
    systems = [(s.system_id, s.pairs, s.before, s.after, f"{s.change:+.3f}", s.interval) for s in facts.systems]
    by_system = ("system", "replaced", "MAE before", "MAE after", "change", "95 % interval")
    named = table_html(by_system, systems, "Accuracy by system") if systems else ""
    return drawn + table_html(heads, rows, "Accuracy by date") + named


def _quality(facts: Facts) -> str:
    """What the gradings say of the systems, as of the newest date: not of this batch alone."""
    if not facts.quality:
        return ""
    rows = [
        (row["system_id"], row["window_days"], row["graded"], *(_two(row[name]) for name in FIGURES), row["beyond"])
        for row in facts.quality
    ]
    heads = ("system", "days", "graded", *FIGURES.values(), "beyond its limit")
    about = (
        f"All current predictions of the days up to {facts.quality[0]['as_of_date']}, as graded; the intervals are in "
    )
    return f"<p>{escape(about)}<code>regen quality --json</code>.</p>" + table_html(heads, rows, "Live quality")


def _timeline(facts: Facts) -> str:
    begun = min((view.created_at for view in facts.batches), default=None)
    if begun is None:
        return ""
    rows = []
    for view in facts.batches:
        steps = view.history
        moments = [view.created_at, *(step.at for step in steps)]
        seconds = [(moment - begun).total_seconds() for moment in moments]
        spans = [Span(a, b, step.from_) for a, b, step in zip(seconds, seconds[1:], steps, strict=False)]
        rows.append((str(view.game_date), spans))
    names = list(dict.fromkeys(span.name for _, spans in rows for span in spans))
    spent = [(day, *(_spent(spans, name) for name in names)) for day, spans in rows]
    lengths = table_html(("date", *names), spent, "Seconds in each status") if names else ""
    drawn = _drawn(partial(timeline, rows, name="Timeline of the batches"))
    return drawn + legend(list(colours(names).items())) + lengths


def _drawn(draw: Draw) -> str:
    return both(lambda width: draw(width=width))


def _two(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _days(facts: Facts) -> list[str]:
    return [_day(view) for view in facts.batches]


def _day(view: WholeBatch) -> str:
    return str(view.game_date)[5:]


def _spent(spans: Sequence[Span], name: str) -> str | None:
    own = [span.end - span.start for span in spans if span.name == name]
    return f"{sum(own):.1f}" if own else None
