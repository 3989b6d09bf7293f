"""Orders from the console: previewed, given once, refused in the coordinator's words."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from regen.client.summary import order_sentence
from regen.console.acts.declared import ACTS
from regen.domain.values import replace
from regen.web import readiness
from support.console_bench import ConsoleBench, game
from support.league import DAY, entry, players
from support.strict_html import problems

NEXT_DAY = DAY + timedelta(days=1)


@pytest.fixture
def bench() -> ConsoleBench:
    return ConsoleBench()


def _rejected(bench: ConsoleBench) -> str:
    bench.bench.slate([*players(3), *(entry(f"broken{n}", broken=True) for n in "abcdef")])
    return bench.bench.run().batch_id


def test_every_act_of_the_issue_is_there() -> None:
    wanted = {"start", "regenerate", "cancel", "redrive", "promote", "rollback", "backfill", "scan", "grade"}
    wanted |= {"close", "withdraw", "halt", "resume", "pause-backfill", "resume-backfill", "cancel-backfill"}
    assert set(ACTS) == wanted


def test_start_is_previewed_and_leads_to_its_batch(bench: ConsoleBench) -> None:
    browser = bench.browser()
    page = browser.get(f"/acts/start?date={DAY}")
    assert "would open 2026-01-20: 8 players" in page.text
    assert "LOCAL STACK" in page.text
    answer = browser.post(f"/acts/start?date={DAY}", {**page.form("order"), "reason": "the slate is there"})
    assert answer.status == 303
    assert answer.headers["location"].startswith("/batches/batch_2026-01-20_")
    assert browser.get(answer.headers["location"]).status == 200


def test_a_withdrawal_is_previewed_typed_and_kept(bench: ConsoleBench) -> None:
    bench.bench.run()
    browser = bench.browser()
    assert f"/acts/withdraw?date={DAY}" in browser.get(f"/dates/{DAY}").text
    where = f"/acts/withdraw?date={DAY}&whom=players&names=playera&why=postponed"
    page = browser.get(where)
    assert "would withdraw 2 predictions of 1 player of 2026-01-20 as postponed: playera" in page.text
    form = {**page.form("order"), "reason": "the league called it off"}
    assert browser.post(where, form).status == 400
    assert bench.orders == []
    answer = browser.post(where, {**form, "date_typed": DAY.isoformat()})
    assert answer.status == 303, answer.text
    bench.bench.drain()
    view = bench.web.get(answer.headers["location"]).get_json()
    assert (view["status"], view["counts"]["withdrawn"]) == ("promoted", 2)
    assert view["metadata"]["note"] == "the league called it off"
    assert "whom=players&amp;names=playera" not in browser.get(f"/dates/{DAY}").text


def test_a_withdrawal_of_nothing_is_refused_in_words(bench: ConsoleBench) -> None:
    bench.bench.run()
    browser = bench.browser()
    for query in ("", "&whom=players&names=nobody", "&whom=games&names=000"):
        answer = browser.get(f"/acts/withdraw?date={DAY}{query}")
        assert answer.status in {400, 404, 409}
        assert "Refused." in answer.text
        assert not problems(answer.text)


def test_the_platform_is_halted_and_resumed_with_reasons(bench: ConsoleBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "CACHE_SECONDS", 0.0)  # of the machine's clock, which the bench does not advance
    browser = bench.browser()
    assert "/acts/halt" in browser.get("/alerts").text
    form = browser.get("/acts/halt").form("order")
    assert browser.post("/acts/halt", form).status == 400
    answer = browser.post("/acts/halt", {**form, "reason": "a model is rolled back"})
    assert (answer.status, answer.headers["location"]) == (303, "/alerts")
    page = browser.get("/alerts").text
    assert "a model is rolled back" in page
    assert 'href="/acts/halt"' not in page
    bench.bench.clock.advance(5)
    board = browser.get("/")
    assert "a model is rolled back" in board.text
    assert 'href="/acts/resume"' in board.text
    assert not problems(board.text)
    # Halted twice: refused as the coordinator says it; the one who sent the form again is not.
    assert browser.post("/acts/halt", {**form, "reason": "a model is rolled back"}).status == 303
    assert "the platform is halted since" in browser.get("/acts/halt").text
    form = browser.get("/acts/resume").form("order")
    assert browser.post("/acts/resume", {**form, "reason": "done"}).status == 303
    bench.bench.clock.advance(5)
    assert 'href="/acts/resume"' not in browser.get("/").text


def test_the_scan_shows_dates_with_other_shot_zones(bench: ConsoleBench) -> None:
    written = bench.bench.clock.now() - timedelta(hours=1)

    def slate(**hashes: str) -> None:
        made = [(e, e.inputs) for e in players(4) if e.inputs]
        named = [(e, i, hashes.get(e.player_lookup, "old")) for e, i in made]
        bench.bench.slate(
            [replace(e, inputs=replace(i, shot_zones_hash=h, features_built_at=written)) for e, i, h in named]
        )

    slate()
    bench.bench.run()
    slate(playerb="new", playerc="new")
    page = bench.browser().get("/acts/scan").text
    assert "Dates whose predictions rest on other shot zones" in page
    assert "2: playerb, playerc" in page
    assert not problems(page)


def test_a_reason_is_mandatory_and_kept(bench: ConsoleBench) -> None:
    browser = bench.browser()
    where = f"/acts/regenerate?date={DAY}"
    form = browser.get(where).form("order")
    for reason in ("", "   "):
        answer = browser.post(where, {**form, "reason": reason})
        assert answer.status == 400
        assert "a reason is needed" in answer.text
    assert bench.orders == []
    answer = browser.post(where, {**form, "reason": "ticket 17"})
    view = bench.web.get(answer.headers["location"]).json
    assert view is not None
    assert view["metadata"]["note"] == "ticket 17"


def test_a_double_click_is_one_order(bench: ConsoleBench) -> None:
    browser = bench.browser()
    where = f"/acts/regenerate?date={DAY}"
    form = {**browser.get(where).form("order"), "reason": "twice"}
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: browser.post(where, form), range(2)))
    assert [a.status for a in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    listed = bench.web.get("/batches").json
    assert listed is not None
    assert len(listed["batches"]) == 1
    assert len({key for _, _, key in bench.orders}) == 1


def test_a_form_loaded_anew_is_another_order(bench: ConsoleBench) -> None:
    browser = bench.browser()
    keys = {browser.get("/acts/scan").form("order")["key"] for _ in range(3)}
    assert len(keys) == 3


def test_rollback_wants_the_date_typed(bench: ConsoleBench) -> None:
    name = bench.bench.run().batch_id
    browser = bench.browser()
    where = f"/acts/rollback?batch={name}"
    form = {**browser.get(where).form("order"), "reason": "wrong lines"}
    for typed in ("", "2026-01-21", "yes"):
        answer = browser.post(where, {**form, "date_typed": typed})
        assert answer.status == 400
        assert f"the date that was typed is not {DAY}" in answer.text
    assert bench.orders == []
    assert browser.post(where, {**form, "date_typed": f" {DAY} "}).status == 303
    bench.bench.drain()
    assert bench.bench.batch(name).status == "rolled_back"


def test_promote_names_each_failed_check_and_the_date(bench: ConsoleBench) -> None:
    name = _rejected(bench)
    view = bench.coordinator.batch(name).value
    assert view.verdict is not None
    failed = view.verdict.failed
    assert failed
    browser = bench.browser()
    where = f"/acts/promote?batch={name}"
    page = browser.get(where)
    assert order_sentence("promote", view, failed) in page.text
    form = {**page.form("order"), "reason": "known gap", "date_typed": DAY.isoformat()}
    assert browser.post(where, form).status == 400
    assert bench.orders == []
    accepted = {**form, **{f"accept_{check}": "1" for check in failed}}
    assert browser.post(where, accepted).status == 303
    assert bench.orders[-1][1] == {"checks": failed, "reason": "known gap"}


def test_an_order_is_the_one_that_was_previewed(bench: ConsoleBench) -> None:
    browser = bench.browser()
    a, b = (e.player_lookup for e in players(2))
    form = browser.get(f"/acts/regenerate?date={DAY}&scope=players&names={a},{b}").form("order")
    # The address of the form may say anything: what counts is what was shown.
    browser.post(f"/acts/regenerate?date={NEXT_DAY}", {**form, "reason": "x"})
    assert bench.orders[-1][1]["players"] == [a, b]
    assert bench.orders[-1][1]["game_date"] == DAY.isoformat()
    assert json.loads(form["order"])["body"]["players"] == [a, b]


def test_the_missing_are_named_when_the_form_is_made(bench: ConsoleBench) -> None:
    bench.bench.slate([*players(20), entry("gap", broken=True)])
    bench.bench.run()
    page = bench.browser().get(f"/acts/regenerate?date={DAY}&scope=missing")
    assert json.loads(page.form("order")["order"])["body"]["players"] == ["gap"]
    assert "nobody is missing" in ConsoleBench([]).browser().get(f"/acts/regenerate?date={DAY}&scope=missing").text


def test_a_refusal_stands_as_the_coordinator_says_it(bench: ConsoleBench) -> None:
    live = bench.bench.regenerate().batch_id
    browser = bench.browser()
    page = browser.get(f"/acts/start?date={DAY}")
    assert page.status == 409
    assert f'href="/batches/{live}"' in page.text
    assert "Next: look at the batch that is in the way" in page.text
    assert '<button type="submit" class="go"' not in page.text


def test_an_order_in_between_is_refused_at_the_order(bench: ConsoleBench) -> None:
    """A second operator rolls back while the first reads the form."""
    name = bench.bench.run().batch_id
    browser = bench.browser()
    where = f"/acts/rollback?batch={name}"
    form = {**browser.get(where).form("order"), "reason": "x", "date_typed": DAY.isoformat()}
    bench.web.post(f"/batches/{name}/rollback", {"reason": "first"})
    answer = browser.post(where, form)
    assert answer.status == 409
    assert "Refused" in answer.text
    assert problems(answer.text) == []


def test_an_order_without_an_answer_keeps_its_key(bench: ConsoleBench) -> None:
    """Sent again, it is the same order: whether it had arrived or not."""
    browser = bench.browser()
    where = f"/acts/regenerate?date={DAY}"
    form = {**browser.get(where).form("order"), "reason": "x"}
    bench.leave()
    answer = browser.post(where, form)
    assert answer.status == 503
    assert "not carried out twice" in answer.text
    bench.coordinator.away.clear()
    assert browser.post(where, form).status == 303
    assert len({key for _, _, key in bench.orders}) == 1


def test_backfill_is_previewed_date_by_date(bench: ConsoleBench) -> None:
    browser = bench.browser()
    page = browser.get(f"/acts/backfill?from={DAY}&to={NEXT_DAY}&only=missing&concurrent=2")
    assert "would regenerate 1 of 2 dates, about 8 players" in page.text
    assert "no slate" in page.text
    where = f"/acts/backfill?from={DAY}&to={NEXT_DAY}"
    answer = browser.post(where, {**page.form("order"), "reason": "after the outage"})
    assert answer.headers["location"].startswith("/backfills/backfill_2026-01-20_2026-01-21_")
    name = answer.headers["location"].rpartition("/")[2]
    for word, status in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        where = f"/acts/{word}-backfill?backfill={name}"
        form = browser.get(where).form("order")
        assert browser.post(where, {**form, "reason": "x"}).status == 303
        view = bench.web.get(f"/backfills/{name}").json
        assert view is not None
        assert view["status"] == status
    bench.bench.sweep()
    whys = [str(e.metadata.get("why")) for e in bench.bench.audited("backfill")]
    assert sorted(whys) == ["None", "x", "x", "x"]


def test_cancel_and_redrive_are_given_with_their_reason(bench: ConsoleBench) -> None:
    name = bench.bench.regenerate().batch_id
    browser = bench.browser()
    for word, status in (("cancel", "cancelled"), ("redrive", "dispatching")):
        where = f"/acts/{word}?batch={name}"
        form = browser.get(where).form("order")
        assert browser.post(where, {**form, "reason": f"to {word}"}).status == 303
        found = bench.bench.batch(name)
        assert found.status in {status, "running"}
        assert any(f"to {word}" in step.why for step in found.history)


def test_scan_and_grade_are_given(bench: ConsoleBench) -> None:
    bench.tables.awaited_rows = [game()]
    browser = bench.browser()
    for where in ("/acts/scan", f"/acts/grade?from={DAY}&to={DAY}"):
        form = browser.get(where).form("order")
        assert browser.post(where, form).status == 303
    assert [path for path, _, _ in bench.orders] == ["/bdb/scan", "/grades"]


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("/acts/start?date=tomorrow", "is no date"),
        (f"/acts/start?date={DAY}&min_minutes=many", "a number from 0 to 48"),
        (f"/acts/regenerate?date={DAY}&scope=players", "which players?"),
        (f"/acts/regenerate?date={DAY}&why=Not+A+Word", "reason"),
        (f"/acts/backfill?from={DAY}&to=2025-01-01", "to"),
        (f"/acts/backfill?from={DAY}&to={DAY}&concurrent=99", "max_concurrent_dates"),
        (f"/acts/backfill?from={DAY}&to={DAY}&concurrent=many", "Dates at once"),
        ("/acts/cancel?batch=regen_2026-01-20_x_1", "no batch"),
        ("/acts/cancel?batch=..%2F..", "is no id"),
        ("/acts/cancel", "needed"),
    ],
)
def test_odd_options_are_named(where: str, says: str, bench: ConsoleBench) -> None:
    page = bench.browser().get(where)
    assert 400 <= page.status < 500
    assert says in page.text
    assert problems(page.text) == []
    assert bench.orders == []
