"""Every page and state of the console, over the in-memory adapters: what it says, that it is sound, how large it is."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest

from regen.client.summary import batch_sentence
from regen.domain.values import replace
from support import console_scenes as scenes
from support.console_bench import ConsoleBench, game
from support.league import DAY, entry, players
from support.strict_html import problems

REFUSED = {
    "batch, unknown": 404,
    "no page": 404,
    "no date": 404,
    "act, refused": 409,
    "act, incomplete": 400,
    "act, unknown": 404,
}


@pytest.fixture
def bench() -> ConsoleBench:
    return ConsoleBench()


@pytest.mark.parametrize("name", scenes.SCENES)
def test_each_page_and_fragment_is_sound(name: str, bench: ConsoleBench) -> None:
    path = scenes.SCENES[name](bench)
    browser = bench.browser()
    page, part = browser.get(path), browser.fragment(path)
    assert (page.status, part.status) == (REFUSED.get(name, 200),) * 2, page.text
    assert problems(page.text) == []
    assert problems(part.text, fragment=True) == []
    # What scrolls sideways can be reached by keyboard, and has a name.
    assert not re.findall(r'<div class="scroll"(?! role="group" tabindex="0" aria-label="[^"]+")', page.text)
    assert _without_keys(part.text).strip() in _without_keys(page.text)


def _without_keys(text: str) -> str:
    """A page of an act has another key each time."""
    return re.sub(r'name="(key|token)" value="\w+"', "", text)


@pytest.mark.parametrize(
    "name", [n for n in scenes.SCENES if "act, " not in n and "season" not in n and not n.startswith("no ")]
)
def test_pages_say_that_the_coordinator_is_away(name: str, bench: ConsoleBench) -> None:
    path = scenes.SCENES[name](bench)
    bench.leave()
    page = bench.browser().get(path)
    assert problems(page.text) == []
    asks = bool(bench.memory.reads) and any(a for a in bench.coordinator.asked)
    assert not asks or page.status in {200, 503}


def test_stale_pages_show_the_last_state_and_its_age(bench: ConsoleBench) -> None:
    name = scenes.live(bench)
    browser = bench.browser()
    assert "Not the newest" not in browser.get(f"/batches/{name}").text
    bench.leave()
    bench.bench.clock.advance(95)
    text = browser.get(f"/batches/{name}").text
    assert "Not the newest" in text
    assert "95 s ago" in text
    assert name in text


def test_tables_that_are_silent_do_not_hold_up_a_page(bench: ConsoleBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Google's client asks again for minutes where nobody answers."""
    silent = threading.Event()
    monkeypatch.setattr(bench.tables, "dates", lambda *_: silent.wait())
    bench.memory.patience = 0.05
    text = bench.browser().get("/").text
    silent.set()
    assert "no answer in 0.05 s" in text
    assert "Live batches" in text


def test_a_batch_page_says_the_sentence_of_the_command_line(bench: ConsoleBench) -> None:
    for make in (scenes.rejected, scenes.held, scenes.cancelled, scenes.rolled_back, scenes.live):
        fresh = ConsoleBench()
        name = make(fresh)
        view = fresh.coordinator.batch(name).value
        assert batch_sentence(view) in fresh.browser().get(f"/batches/{name}").text.replace("&#39;", "'")


def test_accuracy_shows_live_quality_and_what_is_beyond(bench: ConsoleBench) -> None:
    scenes.full(bench)
    browser = bench.browser()
    text = browser.get(f"/accuracy?until={DAY}").text
    shown = text[text.index('id="quality"') :]
    assert f"Live quality as of {DAY}" in shown
    assert "5.25 <small>(5.00 to 5.50)</small>" in shown
    rows = re.findall(r'<th scope="row">(steady|bold)</th><td class="number">7</td>', shown)
    assert rows == ["steady", "bold"], "of the newest date alone"
    assert "bias, over share" in shown
    before = browser.get(f"/accuracy?until={DAY - timedelta(days=1)}").text
    assert f"Live quality as of {DAY - timedelta(days=1)}" in before
    assert "over share" not in before


def test_moves_are_shown_before_the_promotion(bench: ConsoleBench) -> None:
    name = scenes.would_move(bench)
    text = bench.browser().get(f"/batches/{name}/moves").text
    assert "<h1>What would move</h1>" in text
    assert "<b>16</b> of 16 replaced predictions moved" in text
    assert "Every current prediction is as it was" in text


def test_the_board_names_what_needs_a_person(bench: ConsoleBench) -> None:
    name = scenes.rejected(bench)
    bench.tables.awaited_rows = [game(DAY - timedelta(days=5))]
    bench.bench.slate(players(2), DAY - timedelta(days=5))
    text = bench.browser().get("/").text
    needs = text[text.index('id="needs"') : text.index('id="live"')]
    assert f'/batches/{name}"' in needs
    assert "rejected" in needs
    assert "late data is overdue" in needs
    assert "it has never come" in needs


def test_a_held_batch_is_shown_with_its_moves_and_promoted(bench: ConsoleBench) -> None:
    name, browser = scenes.held(bench), bench.browser()
    needs = browser.get("/").text
    assert f'/batches/{name}/moves"' in needs[needs.index('id="needs"') : needs.index('id="live"')]
    moves = browser.get(f"/batches/{name}/moves").text
    assert "What would move" in moves
    assert '<th scope="row">form</th><td class="number">16</td>' in moves
    acts = browser.get(f"/batches/{name}").text
    assert f"/acts/promote?batch={name}" in acts
    assert f"/acts/rollback?batch={name}" not in acts
    assert "in spite of" not in browser.get(f"/acts/promote?batch={name}").text


def test_a_record_that_is_unreadable_stands_on_the_board(bench: ConsoleBench) -> None:
    name = scenes.batch(bench).batch_id
    from support.hands import hand  # noqa: PLC0415

    hand(bench.bench, f"prediction_batches/{name}", status="odd")
    page = bench.browser().get("/")
    assert page.status == 200
    assert "This version cannot read its record" in page.text


def test_hostile_text_is_text_on_every_page(bench: ConsoleBench) -> None:
    evil = "<script>alert(1)</script>\u202e\x1b[2J"
    bench.bench.slate([*players(3), *(replace(entry(f"broken{n}", broken=True)) for n in "abcdef")])
    body = {"game_date": DAY.isoformat(), "metadata": {"note": "<img src=x onerror=alert(1)>"}}
    made = bench.web.post("/regenerate-with-supersede", body).json
    assert made is not None
    bench.bench.drain()
    bench.tables.awaited_rows = [{**game(), "resolution_notes": evil, "home_team": evil}]
    for path in ("/", f"/dates/{DAY}", f"/batches/{made['batch_id']}", "/late-data", "/players/nobody?date=2026-01-20"):
        text = bench.browser_again().get(path).text
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "\u202e" not in text
        assert problems(text) == []


def test_an_unchanged_fragment_is_not_sent_again(bench: ConsoleBench) -> None:
    name = scenes.batch(bench).batch_id
    browser = bench.browser()
    first = browser.fragment(f"/batches/{name}")
    again = browser.fragment(f"/batches/{name}", first.headers["etag"])
    assert (again.status, again.wire) == (304, 0)
    bench.bench.regenerate("later")
    assert browser.fragment("/", browser.fragment("/").headers["etag"]).status == 304


def test_pages_ask_often_only_while_something_is_live(bench: ConsoleBench) -> None:
    browser = bench.browser()
    assert browser.fragment("/").headers["x-regen-every"] == "30"
    name = scenes.live(bench)
    bench.bench.clock.advance(2)
    for path in ("/", f"/dates/{DAY}", f"/batches/{name}"):
        assert browser.fragment(path).headers["x-regen-every"] == "2"
    assert 'data-every="0"' in browser.get("/acts/regenerate").text


def test_a_look_at_a_live_batch_is_one_question(bench: ConsoleBench) -> None:
    name = scenes.live(bench)
    browser = bench.browser()
    bench.coordinator.asked.clear()
    for _ in range(3):
        browser.fragment(f"/batches/{name}")
    assert len(bench.coordinator.asked) == 3
    assert bench.tables.asked == []


def test_tables_are_read_again_only_when_a_batch_has_ended(bench: ConsoleBench) -> None:
    scenes.batch(bench)
    browser = bench.browser()
    for _ in range(3):
        bench.bench.clock.advance(2)
        browser.get("/")
    assert bench.tables.asked == ["dates"]
    scenes.batch(bench, "second")
    browser.get("/")
    assert bench.tables.asked == ["dates", "dates"]


def test_first_page_weighs_under_40_kb_over_the_wire(bench: ConsoleBench) -> None:
    scenes.full(bench)
    browser = bench.browser()
    page = browser.get("/")
    assets = [part.partition('"')[0] for part in page.text.split('"/static/')[1:]]
    found = [browser.get(f"/static/{name}") for name in assets]
    assert len(found) == 3
    assert all("immutable" in one.headers["cache-control"] for one in found if "v=" in assets[found.index(one)])
    assert page.wire + sum(one.wire for one in found) < 40_000


def test_a_check_that_looked_at_nothing_is_not_called_ok(bench: ConsoleBench) -> None:
    name = scenes.batch(bench).batch_id
    verdict = bench.web.get(f"/batches/{name}").json["verdict"]  # type: ignore[index]
    unseen = [one["name"].replace("_", " ") for one in verdict["not_looked_at"]]
    assert len(unseen) > 5
    page = bench.browser().get(f"/batches/{name}").text
    assert [one for one in unseen if f"</span> {one}" in page] == []
    assert all(f"<li>{one}: " in page for one in unseen)
