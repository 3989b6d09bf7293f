"""The console's charts, drawn with the report's pen. Their texts stand beside them, so a screen reader needs no drawing."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from regen.api.batches import Found, ListedBatch, WholeBatch
from regen.client.moves import PlayerMoves
from regen.console.rendering import state_class
from regen.report.svg import LETTER, WIDE, Span, both, box, caption, chart, colours, legend, line, ticks, timeline

COLUMN_HEIGHT, CHECK_HEIGHT = 44.0, 14.0
DUMBBELL_ROW = 22.0
MOST_DUMBBELLS = 40


def column(coverage: float | None, state: str) -> Markup:
    """A date of the strip: its coverage as a height. Hidden from a screen reader, which has the link's name."""
    tall = COLUMN_HEIGHT * min(100.0, max(0.0, coverage or 0.0)) / 100.0
    bar = (
        f'<rect x="0" y="{COLUMN_HEIGHT - tall:.1f}" width="10" height="{tall:.1f}" class="fill-{state_class(state)}"/>'
    )
    frame = f'<rect x="0" y="0" width="10" height="{COLUMN_HEIGHT:g}" class="well"/>'
    return Markup(  # noqa: S704 - numbers and our own class names
        f'<svg class="column" viewBox="0 0 10 {COLUMN_HEIGHT:g}" aria-hidden="true" preserveAspectRatio="none">{frame}{bar}</svg>'
    )


def check_bar(check: Found) -> Markup:
    """A check's value against its limit; without numbers there is nothing to draw."""
    value, limit = check.value, check.limit
    if value is None or limit is None:
        return Markup("")
    top = max(abs(value), abs(limit), 1e-9) * 1.15
    css = "fill-ok" if check.passed else ("fill-bad" if check.severity == "fail" else "fill-warn")
    at = 160.0 * abs(limit) / top
    parts = (
        f'<rect x="0" y="3" width="160" height="8" class="well"/>'
        f'<rect x="0" y="3" width="{160.0 * abs(value) / top:.1f}" height="8" class="{css}"/>'
        f'<line x1="{at:.1f}" y1="0" x2="{at:.1f}" y2="{CHECK_HEIGHT:g}" class="limit"/>'
    )
    return Markup(  # noqa: S704 - numbers and our own class names
        f'<svg class="check" viewBox="0 0 160 {CHECK_HEIGHT:g}" aria-hidden="true">{parts}</svg>'
    )


def spans(view: WholeBatch) -> list[Span]:
    """The phases of a batch, in seconds since it was opened."""
    moments = [view.created_at, *(step.at for step in view.history)]
    passed = [(moment - view.created_at).total_seconds() for moment in moments]
    return [Span(a, b, step.from_) for a, b, step in zip(passed, passed[1:], view.history, strict=False)]


def lanes(rows: Sequence[tuple[str, Sequence[Span]]], name: str) -> Markup:
    """What happened when, a lane for each batch."""
    if not rows:
        return Markup("")
    keys = legend(list(colours([span.name for _, spans in rows for span in spans]).items()))
    drawn = both(lambda width: timeline(rows, name=name, width=width))
    return Markup(_framed(drawn) + keys)  # noqa: S704 - its texts are escaped there


def steps_of_listed(batch: ListedBatch) -> list[Span]:
    """The phases of a batch as a list has them: seconds to each status."""
    passed = sorted((batch.timings or {}).items(), key=lambda item: item[1])
    names = ["created", *(name for name, _ in passed)]
    times = [0.0, *(t for _, t in passed)]
    return [Span(a, b, name) for name, a, b in zip(names, times, times[1:], strict=False)]


def dumbbells(players: Sequence[PlayerMoves], name: str) -> Markup:
    """Old and new points of those who moved, joined by a line; the new end is filled."""
    shown = players[:MOST_DUMBBELLS]
    if not shown:
        return Markup("")
    return Markup(_framed(both(lambda width: _dumbbells(shown, name, width))))  # noqa: S704 - its texts are escaped there


def _dumbbells(shown: Sequence[PlayerMoves], name: str, width: float) -> str:
    values = [v for p in shown for v in (p.old_points, p.new_points)]
    scale = ticks(min(values), max(values), 5 if width >= WIDE else 3)
    left, right, top = (190.0 if width >= WIDE else 120.0), 16.0, 10.0
    letters = int((left - 12.0) / LETTER)
    height = top + DUMBBELL_ROW * len(shown) + 30.0

    def x(value: float) -> float:
        return left + (width - left - right) * (value - scale[0]) / (scale[-1] - scale[0])

    parts = [line(x(t), top, x(t), height - 30, "grid") + caption(x(t), height - 12, f"{t:g}", "axis") for t in scale]
    for i, player in enumerate(shown):
        y = top + DUMBBELL_ROW * (i + 0.5)
        css = "up" if player.move > 0 else "down"
        tip = f"{player.player_lookup}: {player.old_points:g} to {player.new_points:g}"
        parts += [
            caption(left - 10, y + 4, player.player_lookup[:letters], "axis", "end"),
            line(x(player.old_points), y, x(player.new_points), y, f"move {css}"),
            f'<circle cx="{x(player.old_points):.1f}" cy="{y:.1f}" r="4" class="before"/>',
            box(x(player.new_points) - 4, y - 4, 8, 8, f"after {css}", tip),
        ]
    return chart(width, height, parts, name)


def _framed(drawn: str) -> str:
    return f'<div class="chart">{drawn}</div>'
