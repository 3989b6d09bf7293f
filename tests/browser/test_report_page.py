"""The report in a browser, on a phone, on a desk and on paper: axe-core finds nothing, nothing is cut, a screenshot to look at."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from browser.test_every_state import AXE, SHOTS
from regen.client import reader
from regen.client.moves import moves
from regen.report.facts import Facts
from regen.report.page import page as report_page
from support.league import entry, names, players
from support.seat import Seat, SeatReader, seated
from unit.test_report import NOW, backfill_facts

pytestmark = pytest.mark.browser
FRESH = [entry(n, form=15.0 + i, lines=(11.5 + i, 14.5 + i)) for i, n in enumerate(names(10))]
FEW = [*players(3), *(entry(f"broken{n}", broken=True) for n in "abc")]
PAPER = 718
"""Width in CSS pixels between the margins of A4."""
CUT = """() => [...document.querySelectorAll('svg text, svg rect, svg circle, td, th, h3, code')].filter(e => {
  const box = e.getBoundingClientRect(), frame = (e.closest('svg') || document.body).getBoundingClientRect();
  if (!e.closest('svg') && getComputedStyle(e.closest('.scroll') || e).overflowX == 'auto') return false;
  return box.width && (box.left < frame.left - 1 || box.right > frame.right + 1);
}).map(e => e.outerHTML.slice(0, 200))"""
TEXT = "() => Math.min(...[...document.querySelectorAll('svg text')].map(e => e.getBoundingClientRect().height).filter(h => h))"


@pytest.fixture
def seat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seat]:
    """An operator's seat before a slate of ten players."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with seated(tmp_path, players(10)) as seat:
        monkeypatch.setattr(reader, "Reader", lambda *_: SeatReader(seat))
        yield seat


def _written(seat: Seat, batch: str) -> str:
    file = seat.home / "report.html"
    assert seat("report", batch, "-o", str(file)).exit_code == 0
    return file.read_text(encoding="utf-8")


def _moved(seat: Seat) -> str:
    seat.promoted()
    seat.bench.slate(FRESH)
    return _written(seat, seat.promoted().batch_id)


def _rejected(seat: Seat) -> str:
    seat.promoted()
    return _written(seat, seat.rejected(FEW).batch_id)


def _waived(seat: Seat) -> str:
    batch = seat.rejected(FEW).batch_id
    seat("promote", batch, "--check", "coverage", "--reason", "partial feed", "--yes", "--wait")
    return _written(seat, batch)


def _live(seat: Seat) -> str:
    seat.delivers = False
    return _written(seat, seat.bench.regenerate().batch_id)


PAGES: dict[str, Callable[[Seat], str]] = {
    "first": lambda seat: _written(seat, seat.promoted().batch_id),
    "moved": _moved,
    "rejected": _rejected,
    "waived": _waived,
    "live": _live,
    "backfill": lambda _: report_page(backfill_facts()),
    "empty": lambda _: report_page(
        Facts("backfill_1", "done", "x", NOW, [], moves([]), lacking=[("2026-07-01", "no slate")])
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_in_the_report_and_nothing_is_cut(name: str, seat: Seat, chromium: Any) -> None:
    file = seat.home / "page.html"
    file.write_text(PAGES[name](seat), encoding="utf-8")
    SHOTS.mkdir(parents=True, exist_ok=True)
    source = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    for where, width, scheme in (
        ("phone", 390, "light"),
        ("phone", 390, "dark"),
        ("desk", 1040, "light"),
        ("desk", 1040, "dark"),
        ("print", PAPER, "light"),
    ):
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message, said=complaints: said.append(message.text))
        page.emulate_media(media="print" if where == "print" else "screen")
        page.goto(file.as_uri())
        page.screenshot(path=SHOTS / f"report-{name}-{where}-{scheme}.png", full_page=True)
        if where == "print":
            (SHOTS / f"report-{name}.pdf").write_bytes(page.pdf(format="A4"))
        seen = (name, where, scheme)
        page.evaluate(source)
        assert page.evaluate(AXE) == [], seen
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, seen
        assert page.evaluate(CUT) == [], seen
        assert not page.locator("svg text").count() or page.evaluate(TEXT) >= 11, seen
        assert complaints == [], seen
        context.close()
