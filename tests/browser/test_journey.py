"""The console in a real browser: the night of the late data by clicks, and what may go wrong in it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from browser.conftest import Served
from support.league import DAY, entry, moved_players, players

pytestmark = pytest.mark.browser
FRESH = moved_players()


def _says(page: Any, words: str) -> None:
    """Wait until the sentence of the page says it; the page is not loaded again."""
    page.locator(".sentence", has_text=re.compile(words)).first.wait_for()


def _ordered(page: Any, reason: str, *, typed: bool = False) -> None:
    page.get_by_label("Why? It goes on record").fill(reason)
    if typed:
        page.get_by_label(re.compile("Type the game date")).fill(DAY.isoformat())
    page.locator("button.go").click()


def _start(page: Any, served: Served) -> None:
    page.goto(f"{served.url}/acts/start?date={DAY}")
    _ordered(page, "the slate is there")
    _says(page, "^✓ Promoted: first predictions of 8 players")


def test_the_night_of_the_late_data(page: Any, served: Served, complaints: list[str]) -> None:
    page.get_by_role("link", name="Start a date").first.click()
    page.get_by_label("Game date").fill(DAY.isoformat())
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("would open 2026-01-20: 8 players").wait_for()
    served.flowing.clear()
    _ordered(page, "the slate is there")
    _says(page, "Under way: 0 of 8 players")
    served.flowing.set()
    _says(page, "^✓ Promoted: first predictions of 8 players")
    served.bench.slate(FRESH)
    page.get_by_role("link", name=DAY.isoformat()).first.click()
    page.get_by_role("link", name="Regenerate", exact=True).click()
    _ordered(page, "late data")
    _says(page, "16 rows superseded")
    page.get_by_role("link", name="What moved").click()
    page.get_by_text("of 16 replaced predictions moved").wait_for()
    assert page.locator(".chart .wide rect.after").count() == 8
    page.go_back()
    page.get_by_role("link", name="Roll back").click()
    _ordered(page, "wrong feed", typed=True)
    _says(page, "Rolled back.*: what it had replaced is current again")
    assert served.bench.makers() != {}
    assert complaints == []


def test_a_rejected_batch_is_seen_and_waived(page: Any, served: Served, complaints: list[str]) -> None:
    _start(page, served)
    served.bench.slate([*players(), *(entry(f"broken{n}", broken=True) for n in "abcdefgh")])
    page.goto(f"{served.url}/acts/regenerate?date={DAY}")
    _ordered(page, "late data")
    _says(page, "Rejected: coverage")
    page.get_by_role("link", name="Board").click()
    page.get_by_role("link", name=re.compile("2026-01-20: Rejected")).first.click()
    page.get_by_role("link", name="Promote").click()
    page.get_by_label(re.compile("I accept that the check coverage failed")).check()
    _ordered(page, "the feed will not come", typed=True)
    _says(page, "Promoted: new predictions of 8 of 16 players")
    page.get_by_text("Accepted: coverage").wait_for()
    assert complaints == []


def test_a_double_click_opens_one_batch(page: Any, served: Served) -> None:
    page.goto(f"{served.url}/acts/start?date={DAY}")
    page.get_by_label("Why? It goes on record").fill("twice")
    page.locator("button.go").dblclick()
    _says(page, "Promoted")
    listed = served.web.get("/batches").json
    assert listed is not None
    assert len(listed["batches"]) == 1


def test_another_operator_came_first(page: Any, served: Served) -> None:
    _start(page, served)
    page.get_by_role("link", name="Roll back").click()
    name = served.web.get("/batches").json["batches"][0]["batch_id"]  # type: ignore[index]
    served.web.post(f"/batches/{name}/rollback", {"reason": "first"})
    _ordered(page, "second", typed=True)
    page.get_by_role("alert").get_by_text("Refused.").wait_for()
    assert page.get_by_text("Next: look at the batch that is in the way").is_visible()


def test_a_coordinator_that_goes_away_is_seen_at_once(page: Any, served: Served) -> None:
    served.flowing.clear()
    name = served.bench.regenerate().batch_id
    page.goto(f"{served.url}/batches/{name}")
    _says(page, "Under way: 0 of 8")
    served.leave()
    page.get_by_text("Not the newest.").wait_for()
    assert page.get_by_text(name).first.is_visible()
    served.coordinator.away.clear()
    served.flowing.set()
    _says(page, "Promoted")
    assert not page.get_by_text("Not the newest.").is_visible()


def test_a_browser_without_the_link_sees_nothing(served: Served, chromium: Any) -> None:
    context = chromium.new_context()
    stranger = context.new_page()
    assert stranger.goto(f"{served.url}/").status == 403
    assert stranger.get_by_text("this browser has no session").is_visible()
    assert stranger.goto(f"{served.url}/?token=forged").status == 403
    context.close()


def test_everything_works_without_script(served: Served, chromium: Any) -> None:
    context = chromium.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(served.gate.link)
    plain.get_by_role("link", name="Start a date").first.click()
    plain.get_by_label("Game date").fill(DAY.isoformat())
    plain.get_by_role("button", name="Preview").click()
    _ordered(plain, "by hand")
    for _ in range(50):
        if "Promoted:" in plain.locator(".sentence").inner_text():
            break
        plain.wait_for_timeout(100)
        plain.reload()
    assert "Promoted: first predictions of 8 players" in plain.locator(".sentence").inner_text()
    context.close()


def test_the_keyboard_reaches_everything_in_order(page: Any, served: Served) -> None:
    page.goto(f"{served.url}/acts/start?date={DAY}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.locator("#reason").focus()
    page.keyboard.type("by keyboard")
    page.keyboard.press("Enter")
    _says(page, "Promoted")


def test_a_preview_follows_its_options(page: Any, served: Served) -> None:
    page.goto(f"{served.url}/acts/backfill")
    page.get_by_label("From", exact=True).fill("2026-01-19")
    page.get_by_label("To", exact=True).fill("2026-01-20")
    page.get_by_label("Which dates").select_option("missing")
    page.get_by_text("would regenerate 1 of 2 dates").wait_for()
    assert page.get_by_role("rowheader", name="2026-01-19").is_visible()
