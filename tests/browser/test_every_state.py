"""Every page and state: no finding of axe-core, nothing wider than the screen, a screenshot to look at."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from browser.conftest import Served
from support.console_scenes import SCENES

pytestmark = pytest.mark.browser
SHOTS = Path(__file__).parents[2] / "build" / "browser"
AXE = "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' ')))"


@pytest.mark.parametrize("name", SCENES)
def test_axe_finds_nothing_and_nothing_overflows(name: str, served: Served, chromium: Any) -> None:
    served.flowing.clear()
    path = SCENES[name](served)
    SHOTS.mkdir(parents=True, exist_ok=True)
    source = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    state = None
    for scheme in ("light", "dark"):
        for width in (390, 1040, 1920):
            context = chromium.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=scheme,
                storage_state=state,
                reduced_motion="reduce",
            )
            page = context.new_page()
            if state is None:
                page.goto(served.gate.link)
                state = context.storage_state()
            page.goto(f"{served.url}{path}")
            page.evaluate(source)
            assert page.evaluate(AXE) == [], (scheme, width)
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (scheme, width)
            file = f"{re.sub(r'[^a-z0-9]+', '-', name)}-{width}-{scheme}.png"
            page.screenshot(path=SHOTS / file, full_page=True)
            context.close()
