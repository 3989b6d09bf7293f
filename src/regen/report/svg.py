"""Small charts as SVG text. Colours are classes of the page's style, so that it reads by day and by night."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from regen.report.texts import escape

WIDTH = 720.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 16.0, 14.0, 44.0


@dataclass(frozen=True, slots=True)
class Series:
    """One row of values with its name and the class that colours it; None where there is no value."""

    name: str
    css: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a timeline, in seconds from its beginning."""

    start: float
    end: float
    name: str


def ticks(low: float, high: float, number: int = 5) -> list[float]:
    """Round values from at or below the low to at or above the high."""
    if not high > low:
        high = low + 1.0
    raw = (high - low) / number
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(m * size for m in (1, 2, 2.5, 5, 10) if m * size >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(n * step, 10) for n in range(first, last + 1)]


def chart(height: float, parts: Sequence[str], name: str) -> str:
    """The whole of a chart; `name` is what a screen reader says."""
    inside = "".join(parts)
    label = escape(name, quote=True)
    drawn = f'<svg viewBox="0 0 {WIDTH:g} {height:g}" role="img" aria-label="{label}">{inside}</svg>'
    return f'<div class="chart" tabindex="0" role="region" aria-label="{label}, chart">{drawn}</div>'


def caption(x: float, y: float, words: str, css: str = "", anchor: str = "middle") -> str:
    """A piece of text."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{css}" text-anchor="{anchor}">{escape(words)}</text>'


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    """A line."""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{css}"/>'


def box(x: float, y: float, width: float, height: float, css: str, tip: str) -> str:
    """A rectangle with a tip."""
    size = f'width="{max(0.0, width):.1f}" height="{max(0.0, height):.1f}"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" {size} class="{css}"><title>{escape(tip)}</title></rect>'


def bars(
    labels: Sequence[str], series: Sequence[Series], *, name: str, unit: str = "", stacked: bool = False,
    limit: float | None = None, top: float | None = None, height: float = 260.0,
) -> str:  # fmt: skip
    """Bars for each label, beside each other or stacked; `limit` draws a line across."""
    totals = [sum(s.values[i] or 0.0 for s in series) for i in range(len(labels))]
    singles = [v for s in series for v in s.values if v is not None]
    most = max([*(totals if stacked else singles), limit or 0.0, 0.0], default=0.0)
    scale = ticks(0.0, top or most or 1.0)
    plot = height - TOP - BOTTOM
    slot = (WIDTH - LEFT - RIGHT) / max(1, len(labels))

    def y(value: float) -> float:
        return TOP + plot * (1.0 - value / scale[-1])

    parts = [
        line(LEFT, y(t), WIDTH - RIGHT, y(t), "grid") + caption(LEFT - 6, y(t) + 4, f"{t:g}{unit}", "axis", "end")
        for t in scale
    ]
    width = min(48.0, slot * 0.72) / (1 if stacked else max(1, len(series)))
    every = max(1, math.ceil(len(labels) / 16))
    for i, label in enumerate(labels):
        middle = LEFT + slot * (i + 0.5)
        if i % every == 0:
            parts.append(caption(middle, height - BOTTOM + 16, label, "axis"))
        base = 0.0
        for k, s in enumerate(series):
            value = s.values[i]
            if value is None:
                continue
            tip = f"{label}, {s.name}: {value:g}{unit}"
            if stacked:
                parts.append(box(middle - width / 2, y(base + value), width, y(base) - y(base + value), s.css, tip))
                base += value
            else:
                x = middle - width * len(series) / 2 + width * k
                parts.append(box(x, y(value), width * 0.94, y(0.0) - y(value), s.css, tip))
    if limit is not None:
        parts.append(line(LEFT, y(limit), WIDTH - RIGHT, y(limit), "limit"))
        parts.append(caption(WIDTH - RIGHT, height - 5, f"- - threshold {limit:g}{unit}", "axis", "end"))
    return chart(height, [*parts, legend(series, height)], name)


def legend(series: Sequence[Series], height: float) -> str:
    """The names of the series below a chart."""
    if len(series) < 2:
        return ""
    parts, x = [], LEFT
    for s in series:
        parts.append(box(x, height - 14, 10, 10, s.css, s.name) + caption(x + 15, height - 5, s.name, "axis", "start"))
        x += 30 + 7.0 * len(s.name)
    return "".join(parts)


def differences(
    points: Sequence[tuple[float, float, str]], *, name: str, x_name: str, y_name: str, height: float = 320.0
) -> str:
    """How far each prediction moved, over what it was: a dot each, and the line on which nothing has moved."""
    across = ticks(min([x for x, _, _ in points], default=0.0), max([x for x, _, _ in points], default=1.0))
    reach = max(0.5, *(abs(y) for _, y, _ in points)) if points else 1.0
    scale = ticks(-reach, reach)
    plot, side = height - TOP - BOTTOM, WIDTH - LEFT - RIGHT

    def at(x: float, y: float) -> tuple[float, float]:
        right = side * (x - across[0]) / (across[-1] - across[0])
        return LEFT + right, TOP + plot * (scale[-1] - y) / (scale[-1] - scale[0])

    parts = []
    for t in scale:
        _, py = at(across[0], t)
        css = "limit" if t == 0 else "grid"
        parts += [line(LEFT, py, WIDTH - RIGHT, py, css), caption(LEFT - 6, py + 4, f"{t:+g}", "axis", "end")]
    for t in across:
        px, _ = at(t, 0.0)
        parts += [line(px, TOP, px, height - BOTTOM, "grid"), caption(px, height - BOTTOM + 16, f"{t:g}", "axis")]
    for x, y, tip in points:
        px, py = at(x, y)
        parts.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" class="dot"><title>{escape(tip)}</title></circle>')
    parts += [caption(LEFT + side / 2, height - 6, x_name, "axis"), caption(LEFT, TOP - 3, y_name, "axis", "start")]
    return chart(height, parts, name)


def histogram(values: Sequence[float], *, name: str, x_name: str, height: float = 240.0) -> str:
    """How often which value, in bins of a round width, one of them around zero."""
    if not values:
        return chart(60.0, [caption(WIDTH / 2, 30, "nothing to show", "axis")], name)
    reach = max(0.5, *(abs(v) for v in values))
    width = ticks(0.0, reach / 6.0, 1)[1]
    number = math.ceil(reach / width)
    counts = [0] * (2 * number + 1)
    for value in values:
        counts[min(2 * number, max(0, math.floor(value / width + 0.5) + number))] += 1
    scale = ticks(0.0, max(counts))
    plot, side = height - TOP - BOTTOM, WIDTH - LEFT - RIGHT
    slot = side / len(counts)
    parts = []
    for t in scale:
        y = TOP + plot * (1.0 - t / scale[-1])
        parts += [line(LEFT, y, WIDTH - RIGHT, y, "grid"), caption(LEFT - 6, y + 4, f"{t:g}", "axis", "end")]
    for i, count in enumerate(counts):
        low = (i - number - 0.5) * width
        tall = plot * count / scale[-1]
        tip = f"{low:g} to {low + width:g}: {count}"
        parts.append(box(LEFT + slot * i + 1, TOP + plot - tall, slot - 2, tall, "one", tip))
        if (i - number) % 2 == 0:
            parts.append(caption(LEFT + slot * (i + 0.5), height - BOTTOM + 16, f"{low + width / 2:g}", "axis"))
    parts += [
        caption(LEFT + side / 2, height - 8, x_name, "axis"),
    ]
    return chart(height, parts, name)


def timeline(rows: Sequence[tuple[str, Sequence[Span]]], *, name: str) -> str:
    """What happened when, a row for each batch."""
    end = max((span.end for _, spans in rows for span in spans), default=1.0)
    scale = ticks(0.0, max(end, 0.001))
    height = TOP + BOTTOM + 24.0 * len(rows)
    left = 110.0
    side = WIDTH - left - RIGHT
    parts = []
    for t in scale:
        x = left + side * t / scale[-1]
        parts += [line(x, TOP, x, height - BOTTOM, "grid"), caption(x, height - BOTTOM + 16, f"{t:g} s", "axis")]
    css: dict[str, str] = {}
    for i, (label, spans) in enumerate(rows):
        y = TOP + 24.0 * i
        parts.append(caption(left - 6, y + 15, label, "axis", "end"))
        for span in spans:
            colour = css.setdefault(span.name, f"step{len(css) % 7}")
            start = left + side * span.start / scale[-1]
            tip = f"{label}, {span.name}: {span.start:.3f} to {span.end:.3f} s"
            parts.append(box(start, y + 3, max(1.0, side * (span.end - span.start) / scale[-1]), 16, colour, tip))
    return chart(height, [*parts, legend([Series(n, c, ()) for n, c in css.items()], height)], name)
