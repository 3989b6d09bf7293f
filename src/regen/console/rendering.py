"""From a page's facts to an answer: templates that escape everything, one fragment or the whole, an ETag of what is seen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from msgspec import Struct, field
from starlette.responses import Response

from regen.client.wording import cell
from regen.domain.dates import EASTERN
from regen.domain.persons import asked_by
from regen.domain.texts import visible
from regen.domain.words import counted

LIVE, QUIET, NEVER = 2, 30, 0
"""Seconds after which a page asks again: something is live, nothing is, it is a form."""
STATES: Mapping[str, tuple[str, str]] = {
    "promoted": ("ok", "✓"), "done": ("ok", "✓"), "produced": ("ok", "✓"), "ok": ("ok", "✓"), "completed": ("ok", "✓"),
    "rejected": ("bad", "✕"), "failed": ("bad", "✕"), "unreadable": ("bad", "?"), "broken": ("bad", "✕"),
    "partial": ("warn", "◐"), "cancelled": ("warn", "⊘"), "skipped": ("warn", "↷"), "rolled_back": ("warn", "↶"),
    "paused": ("warn", "‖"), "low": ("warn", "◐"), "held": ("warn", "‖"), "expired": ("warn", "⊘"),
    "none": ("idle", "·"), "no_slate": ("idle", "·"), "n/a": ("idle", "·"), "missing": ("idle", "·"), "waiting": ("idle", "…"),
}  # fmt: skip
"""State -> the class that colours it, and its sign: colour never stands alone. A state that is not here is under way."""


class Page(Struct, frozen=True):
    """What a page says.

    Attributes:
        template: its file.
        title: of the window.
        facts: what the template reads.
        every: seconds after which the page asks again; 0 for a form.
        at: the entry of the navigation that it belongs to.
    """

    template: str
    title: str
    facts: Mapping[str, object] = field(default_factory=dict)
    every: int = QUIET
    at: str = ""
    status: int = 200


def state_class(state: str) -> str:
    """The class of a state."""
    return STATES.get(state, ("live", "▶"))[0]


def sign(state: str) -> str:
    """The sign of a state."""
    return STATES.get(state, ("live", "▶"))[1]


def mark(state: str) -> Markup:
    """A state's sign alone, before a sentence that says it."""
    return Markup('<span class="badge {}" aria-hidden="true">{}</span>').format(*STATES.get(state, ("live", "▶")))


def code(text: object) -> Markup:
    """A text of ours, what is between backquotes as code."""
    parts = visible(str(text)).split("`")
    return Markup("").join(Markup("<code>{}</code>").format(p) if n % 2 else escape(p) for n, p in enumerate(parts))


def badge(state: str) -> Markup:
    """A state as a sign and a word."""
    css, sign = STATES.get(state, ("live", "▶"))
    said = state.replace("_", " ")
    return Markup('<span class="badge {}"><span aria-hidden="true">{}</span> {}</span>').format(
        css, sign, visible(said)
    )


def moment(value: object) -> Markup:
    """A moment in US Eastern time, as game dates are; the machine-readable form is UTC."""
    if value is None or value == "":
        return Markup("-")
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    east = at.astimezone(EASTERN)
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), f"{east:%b %d, %H:%M:%S} ET")


def number(value: object) -> str:
    """A number with groups of three digits; at most two decimals."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "-" if value is None else cell(value)
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}"
    return f"{value:,.2f}"


def fixed(value: object, places: int = 2) -> str:
    """A number of a column whose decimal points stand below each other."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return number(value)
    return f"{value:,.{places}f}"


def signed(value: float) -> str:
    """A difference with its sign."""
    return f"{value:+.2f}"


def seconds(value: float | None) -> str:
    """A duration."""
    if value is None:
        return "-"
    if value < 120:
        return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.1f} h"


def weekday(day: str) -> str:
    """`Tue`."""
    return f"{date.fromisoformat(day):%a}"


def _shown(value: Any) -> Any:  # noqa: ANN401 - whatever a template writes
    if value is None:
        return "-"
    return visible(value) if type(value) is str else value


@cache
def _environment() -> Environment:
    found = Environment(
        loader=PackageLoader("regen.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
        auto_reload=False,
    )
    found.filters |= {
        "asked_by": asked_by,
        "badge": badge,
        "sign": sign,
        "mark": mark,
        "code": code,
        "state_class": state_class,
        "moment": moment,
        "number": number,
        "fixed": fixed,
        "signed": signed,
        "seconds": seconds,
        "weekday": weekday,
        "cell": cell,
        "counted": counted,
    }
    return found


@cache
def asset(name: str) -> tuple[bytes, str]:
    """A static file, and the beginning of its hash: the address of a changed file is another."""
    content = (resources.files("regen.console") / "static" / name).read_bytes()
    return content, hashlib.sha256(content).hexdigest()[:12]


def html(page: Page, frame: Mapping[str, object], *, fragment: bool) -> str:
    """The page, or what stands in its `main` alone."""
    versions = {"css": asset("console.css")[1], "js": asset("console.js")[1]}
    layout = "fragment.html" if fragment else "page.html"
    facts = {**versions, **frame, **page.facts, "layout": layout, "title": page.title, "every": page.every}
    return _environment().get_template(page.template).render({**facts, "at": page.at})


def answer(page: Page, frame: Mapping[str, object], *, fragment: bool, known: str | None = None) -> Response:
    """The answer to a look; 304 without a body where the fragment is as the browser has it.

    Args:
        known: `If-None-Match`.
    """
    text = html(page, frame, fragment=fragment).encode()
    headers = {"Cache-Control": "no-store", "X-Regen-Every": str(page.every), "Vary": "X-Regen-Fragment"}
    if fragment:
        headers["ETag"] = f'"{hashlib.sha256(text).hexdigest()[:24]}"'
        if known == headers["ETag"]:
            return Response(status_code=304, headers=headers)
    return Response(text, page.status, headers, media_type="text/html")
