"""Who gets into the console, and what a forged request meets."""

from __future__ import annotations

import inspect
import re

import pytest

from regen.console.ports import Records, Tables
from regen.console.security import CSP, form_token
from regen.console.sources import CoordinatorRecords, WarehouseTables
from support.console_bench import HOST, PORT, Browser, ConsoleBench
from support.league import DAY


@pytest.fixture
def bench() -> ConsoleBench:
    return ConsoleBench()


def test_the_link_is_good_for_one_browser(bench: ConsoleBench) -> None:
    first = bench.browser()
    assert first.get("/").status == 200
    link = f"/?token={bench.gate.token}"
    second = Browser(bench.app)
    answer = second.get(link)
    assert (answer.status, second.cookies) == (403, {})
    assert "used before" in answer.text
    assert first.get(link).status == 303  # the link again, in the browser that has the session


def test_the_token_leaves_the_address_and_the_page(bench: ConsoleBench) -> None:
    browser = Browser(bench.app)
    answer = browser.get(f"/?token={bench.gate.token}")
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", "Path=/"))
    assert bench.gate.token not in browser.get("/").text


@pytest.mark.parametrize("token", ["", "x", "ünïcode", "a" * 5000])
def test_a_forged_token_gets_nowhere(token: str, bench: ConsoleBench) -> None:
    browser = Browser(bench.app)
    for path in (f"/?token={token}", "/", f"/dates/{DAY}", "/acts/scan", "/backfills"):
        answer = browser.get(path)
        assert answer.status == 403
        assert "set-cookie" not in answer.headers
    assert not bench.coordinator.asked
    assert bench.browser().get("/").status == 200  # the real link is as good as before


@pytest.mark.parametrize("cookie", ["", "x", "x; regen_console_8765", "=", "\x80", f"regen_console_{PORT}=forged"])
def test_a_forged_cookie_gets_nowhere(cookie: str, bench: ConsoleBench) -> None:
    assert Browser(bench.app).get("/", cookie=cookie).status == 403


@pytest.mark.parametrize(
    "host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:80", f"127.0.0.1.evil:{PORT}", ""]
)
def test_a_rebound_host_is_refused(host: str, bench: ConsoleBench) -> None:
    browser = bench.browser()
    answer = browser.send("GET", "/", b"", {"host": host})
    assert answer.status == 421
    assert "Board</h1>" not in answer.text


def test_both_names_of_loopback_are_served(bench: ConsoleBench) -> None:
    browser = bench.browser()
    for host in (HOST, f"localhost:{PORT}", f"LocalHost:{PORT}"):
        assert browser.send("GET", "/", b"", {"host": host}).status == 200


FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": f"http://127.0.0.1:{PORT + 1}", "sec_fetch_site": "same-site"},
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
    {"sec_fetch_site": "none"},
    {"origin": "", "sec_fetch_site": ""},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_form_of_another_site_is_refused(headers: dict[str, str], bench: ConsoleBench) -> None:
    browser = bench.browser()
    form = browser.get("/acts/scan").form("order")
    answer = browser.post("/acts/scan", form, **headers)
    assert answer.status == 403
    assert bench.orders == []


def test_other_sites_can_navigate_here_and_load_nothing(bench: ConsoleBench) -> None:
    browser = bench.browser()
    assert browser.get("/", sec_fetch_site="cross-site", sec_fetch_mode="navigate").status == 200
    for mode in ("cors", "no-cors", ""):
        assert browser.get("/", sec_fetch_site="cross-site", sec_fetch_mode=mode).status == 403


@pytest.mark.parametrize("change", ["token", "key", "order"])
def test_a_form_with_another_part_is_refused(change: str, bench: ConsoleBench) -> None:
    browser = bench.browser()
    form = browser.get("/acts/scan").form("order")
    answer = browser.post("/acts/scan", {**form, change: form[change][:-1] + "x"})
    assert answer.status == 403
    assert bench.orders == []


def test_the_token_of_one_act_does_not_serve_another(bench: ConsoleBench) -> None:
    browser = bench.browser()
    form = browser.get("/acts/scan").form("order")
    assert browser.post("/acts/grade?from=2026-01-20&to=2026-01-20", form).status == 403
    assert browser.post("/acts/scan", {}).status == 403
    assert bench.orders == []


def test_the_token_of_another_session_is_refused(bench: ConsoleBench) -> None:
    other = ConsoleBench()
    form = other.browser().get("/acts/scan").form("order")
    assert bench.browser().post("/acts/scan", form).status == 403
    assert bench.orders == []


def test_the_token_of_a_form_depends_on_all_of_it(bench: ConsoleBench) -> None:
    from regen.console.security import Person  # noqa: PLC0415

    tokens = {form_token(Person("o", s), p, k) for s in ("s1", "s2") for p in ("a", "b") for k in ("1", "2")}
    assert len(tokens) == 8


def test_every_answer_has_the_strict_policy(bench: ConsoleBench) -> None:
    browser = bench.browser()
    for path in ("/", "/nowhere", "/acts/scan", "/static/console.js", "/static/console.css"):
        headers = browser.get(path).headers
        assert headers["content-security-policy"] == CSP
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
    assert "default-src 'none'" in CSP
    assert "unsafe" not in CSP
    assert "frame-ancestors 'none'" in CSP
    assert Browser(bench.app).get("/").headers["content-security-policy"] == CSP
    assert browser.get("/").headers["cache-control"] == "no-store"


def test_script_neither_evaluates_nor_leaves_the_origin(bench: ConsoleBench) -> None:
    script = bench.browser().get("/static/console.js")
    assert not re.search(r"\beval\b|new Function|innerHTML\s*=|document\.write|https?://|import\(", script.text)
    assert script.wire < 3000


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/app.py", "/static/%2e%2e/app.py", "/static/x"])
def test_static_files_are_the_listed_ones_alone(path: str, bench: ConsoleBench) -> None:
    assert bench.browser().get(path).status == 404


def test_a_form_beyond_the_bound_is_refused(bench: ConsoleBench) -> None:
    browser = bench.browser()
    form = browser.get("/acts/scan").form("order")
    assert browser.post("/acts/scan", {**form, "reason": "x" * 300_000}).status == 413
    assert bench.orders == []


@pytest.mark.parametrize("port", [Records, Tables])
def test_ports_of_the_pages_have_no_method_that_writes(port: type) -> None:
    reading = {"batches", "on_date", "batch", "backfills", "backfill", "ready", "halt", "findings", "moves", "alerts"}
    reading |= {
        "dates",
        "coverage",
        "slate",
        "current",
        "audit",
        "moves",
        "awaited",
        "accuracy",
        "quality",
        "player",
        "zones",
    }
    names = {name for name, _ in inspect.getmembers(port, inspect.isfunction) if not name.startswith("_")}
    assert names <= reading


def test_reading_adapters_have_only_the_methods_of_ports() -> None:
    for adapter, port in ((CoordinatorRecords, Records), (WarehouseTables, Tables)):
        own = {n for n, _ in inspect.getmembers(adapter, inspect.isfunction) if not n.startswith("_")}
        assert own <= {n for n, _ in inspect.getmembers(port, inspect.isfunction)}


def test_looking_at_every_page_orders_nothing(bench: ConsoleBench) -> None:
    name = bench.bench.run().batch_id
    before = bench.web.everything()
    browser = bench.browser()
    paths = ["/", f"/dates/{DAY}", f"/batches/{name}", f"/batches/{name}/moves", "/late-data", "/alerts", "/acts/scan"]
    paths += [f"/acts/rollback?batch={name}", f"/acts/regenerate?date={DAY}", f"/acts/backfill?from={DAY}&to={DAY}"]
    for path in paths:
        assert browser.get(path).status == 200
    assert bench.orders == []
    changed = {k for k, v in bench.web.everything().items() if before.get(k) != v}
    assert {path.split("/")[0] for path in changed} <= {"heartbeats"}
