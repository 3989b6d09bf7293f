"""Small charts as SVG text, for a desk and for a phone. Colours are classes of the page's style, for day and night."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from msgspec import Struct

from regen.report.texts import escape

WIDE, NARROW = 720.0, 344.0
"""Widths on a desk and on a phone, in pixels at which text has its own size."""
LEFT, RIGHT, TOP, BOTTOM = 56.0, 22.0, 20.0, 40.0
LETTER = 7.0
"""About the width of a letter of the axis, in pixels."""
STEPS = 8
"""Number of colours of a timeline."""


class Series(Struct, frozen=True):
    """One row of values with its name and the class that colours it; None where there is no value."""

    name: str
    css: str
    values: Sequence[float | None]


class Span(Struct, frozen=True):
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


def both(draw: Callable[[float], str]) -> str:
    """A chart for either width; the style shows one."""
    return f'<div class="wide">{draw(WIDE)}</div><div class="narrow">{draw(NARROW)}</div>'


def chart(width: float, height: float, parts: Sequence[str], name: str) -> str:
    """The whole of a chart; `name` is what a screen reader says."""
    inside = "".join(parts)
    label = escape(name, quote=True)
    return f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{label}">{inside}</svg>'


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


def every(words: Sequence[str], slot: float) -> int:
    """Of labels that are a slot apart: each how many-th fits."""
    longest = max((len(word) for word in words), default=0) * LETTER + 8.0
    return max(1, math.ceil(longest / slot))


def rules(scale: Sequence[float], y: Callable[[float], float], width: float, unit: str = "") -> list[str]:
    """The lines across a chart, with their values."""
    return [
        line(LEFT, y(t), width - RIGHT, y(t), "grid") + caption(LEFT - 6, y(t) + 4, f"{t:g}{unit}", "axis", "end")
        for t in scale
    ]


def bars(
    labels: Sequence[str], series: Sequence[Series], *, name: str, unit: str = "", stacked: bool = False,
    limit: float | None = None, top: float | None = None, height: float = 260.0, width: float = WIDE,
) -> str:  # fmt: skip
    """Bars for each label, beside each other or stacked, with their values; `limit` draws a line across."""
    totals = [sum(s.values[i] or 0.0 for s in series) for i in range(len(labels))]
    singles = [v for s in series for v in s.values if v is not None]
    most = max([*(totals if stacked else singles), limit or 0.0, 0.0], default=0.0)
    scale = ticks(0.0, top or most or 1.0)
    plot = height - TOP - BOTTOM
    slot = (width - LEFT - RIGHT) / max(1, len(labels))

    def y(value: float) -> float:
        return TOP + plot * (1.0 - value / scale[-1])

    parts = rules(scale, y, width, unit)
    wide = min(48.0, slot * 0.72) / (1 if stacked else max(1, len(series)))
    step = every(labels, slot)
    for i, label in enumerate(labels):
        middle = LEFT + slot * (i + 0.5)
        if i % step == 0:
            parts.append(caption(middle, height - BOTTOM + 16, label, "axis"))
        base = 0.0
        for k, s in enumerate(series):
            value = s.values[i]
            if value is None:
                continue
            words, tip = f"{value:g}", f"{label}, {s.name}: {value:g}{unit}"
            fits = len(words) * LETTER <= slot / (1 if stacked else len(series))
            if stacked:
                tall = y(base) - y(base + value)
                parts.append(box(middle - wide / 2, y(base + value), wide, tall, s.css, tip))
                if fits and tall >= 15.0:
                    parts.append(caption(middle, y(base) - tall / 2 + 4, words, "value"))
                base += value
            else:
                x = middle - wide * len(series) / 2 + wide * k
                parts.append(box(x, y(value), wide * 0.94, y(0.0) - y(value), s.css, tip))
                if fits:
                    parts.append(caption(x + wide / 2, y(value) - 4, words, "value"))
    if limit is not None:
        parts.append(line(LEFT, y(limit), width - RIGHT, y(limit), "limit"))
        parts.append(caption(width - RIGHT, height - 5, f"- - threshold {limit:g}{unit}", "axis", "end"))
    return chart(width, height, parts, name)


def legend(series: Sequence[tuple[str, str]]) -> str:
    """The names of what a chart shows, each with the class that colours it."""
    named = "".join(f"<li><i class={css}></i>{escape(name)}</li>" for name, css in series)
    return f"<ul class=keys>{named}</ul>"


def differences(
    points: Sequence[tuple[float, float, str]], *, name: str, x_name: str, y_name: str, height: float = 320.0,
    width: float = WIDE,
) -> str:  # fmt: skip
    """How far each prediction moved, over what it was: a dot each, and the line on which nothing has moved."""
    across = ticks(min([x for x, _, _ in points], default=0.0), max([x for x, _, _ in points], default=1.0))
    reach = max(0.5, *(abs(y) for _, y, _ in points)) if points else 1.0
    scale = ticks(-reach, reach)
    plot, side = height - TOP - BOTTOM, width - LEFT - RIGHT

    def at(x: float, y: float) -> tuple[float, float]:
        right = side * (x - across[0]) / (across[-1] - across[0])
        return LEFT + right, TOP + plot * (scale[-1] - y) / (scale[-1] - scale[0])

    parts = []
    for t in scale:
        _, py = at(across[0], t)
        css = "limit" if t == 0 else "grid"
        parts += [
            line(LEFT, py, width - RIGHT, py, css),
            caption(LEFT - 6, py + 4, f"{t:+g}" if t else "0", "axis", "end"),
        ]
    for t in across:
        px, _ = at(t, 0.0)
        parts += [line(px, TOP, px, height - BOTTOM, "grid"), caption(px, height - BOTTOM + 16, f"{t:g}", "axis")]
    for x, y, tip in points:
        px, py = at(x, y)
        parts.append(f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" class="dot"><title>{escape(tip)}</title></circle>')
    parts += [caption(LEFT + side / 2, height - 6, x_name, "axis"), caption(4, TOP - 8, y_name, "axis", "start")]
    return chart(width, height, parts, name)


def bins(values: Sequence[float]) -> list[tuple[float, float, int]]:
    """How many values are in which range; the ranges have a round width, one of them is around zero."""
    reach = max(0.5, *(abs(v) for v in values)) if values else 0.5
    wide = ticks(0.0, reach / 6.0, 1)[1]
    number = math.ceil(reach / wide)
    counts = [0] * (2 * number + 1)
    for value in values:
        counts[min(2 * number, max(0, math.floor(value / wide + 0.5) + number))] += 1
    return [((i - number - 0.5) * wide, (i - number + 0.5) * wide, count) for i, count in enumerate(counts)]


def histogram(values: Sequence[float], *, name: str, x_name: str, height: float = 240.0, width: float = WIDE) -> str:
    """How often which value, in bins."""
    if not values:
        return chart(width, 60.0, [caption(width / 2, 30, "nothing to show", "axis")], name)
    counted = bins(values)
    scale = ticks(0.0, max(count for _, _, count in counted))
    plot = height - TOP - BOTTOM
    slot = (width - LEFT - RIGHT) / len(counted)
    parts = rules(scale, lambda t: TOP + plot * (1.0 - t / scale[-1]), width)
    middles = [f"{round((low + high) / 2, 6):g}" for low, high, _ in counted]
    step, zero = every(middles, slot), len(counted) // 2
    for i, (low, high, count) in enumerate(counted):
        tall = plot * count / scale[-1]
        tip = f"{low:g} to {high:g}: {count}"
        parts.append(box(LEFT + slot * i + 1, TOP + plot - tall, slot - 2, tall, "one", tip))
        if count and len(str(count)) * LETTER <= slot:
            parts.append(caption(LEFT + slot * (i + 0.5), TOP + plot - tall - 4, str(count), "value"))
        if (i - zero) % step == 0:
            parts.append(caption(LEFT + slot * (i + 0.5), height - BOTTOM + 16, middles[i], "axis"))
    parts.append(caption(LEFT + (width - LEFT - RIGHT) / 2, height - 6, x_name, "axis"))
    return chart(width, height, parts, name)


def colours(names: Sequence[str]) -> dict[str, str]:
    """The class of each part of a timeline."""
    return {name: f"step{n % STEPS}" for n, name in enumerate(dict.fromkeys(names))}


def timeline(rows: Sequence[tuple[str, Sequence[Span]]], *, name: str, width: float = WIDE) -> str:
    """What happened when, a row for each batch."""
    end = max((span.end for _, spans in rows for span in spans), default=1.0)
    scale = ticks(0.0, max(end, 0.001), 5 if width >= WIDE else 3)
    height = TOP + BOTTOM + 24.0 * len(rows)
    left, right = 88.0, 34.0
    side = width - left - right
    parts = []
    for t in scale:
        x = left + side * t / scale[-1]
        parts += [line(x, TOP, x, height - BOTTOM, "grid"), caption(x, height - BOTTOM + 16, f"{t:g} s", "axis")]
    css = colours([span.name for _, spans in rows for span in spans])
    for i, (label, spans) in enumerate(rows):
        y = TOP + 24.0 * i
        parts.append(caption(left - 6, y + 15, label, "axis", "end"))
        for span in spans:
            start = left + side * span.start / scale[-1]
            tip = f"{label}, {span.name}: {span.start:.3f} to {span.end:.3f} s"
            wide = max(1.0, side * (span.end - span.start) / scale[-1])
            parts.append(box(start, y + 3, wide, 16, css[span.name], tip))
    return chart(width, height, parts, name)
