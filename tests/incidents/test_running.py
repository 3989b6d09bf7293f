"""E: deployment, dates, logs, load, and names."""

import json
import logging
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import force_setattr

import regen
from incidents.scenes import Http, current_rows, seeded, superseded_rows, with_warehouse
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.domain.backfill import MAX_ATTEMPTS
from regen.domain.batch import Status
from regen.domain.bdb import MAX_ATTEMPTS as BDB_ATTEMPTS
from regen.domain.bdb import BdbAct, BdbGame, decide
from regen.domain.checks import NEVER_ACCEPTED
from regen.domain.dates import eastern_today, parse_game_date
from regen.domain.errors import InvalidInput, Refused
from regen.domain.ids import checked_reason
from regen.domain.inputs import Line
from regen.local.packaging import package_functions
from regen.ports import Write
from regen.services.batch import processing
from regen.services.batch.challenge_orders import ChallengeOrder
from regen.services.batch.challenge_orders import order as order_challenger
from regen.services.healing import sweeping
from regen.services.state.deps import REQUEST_TOPIC
from regen.services.state.paths import date_path
from regen.services.views import batch_view
from regen.systems import by_version, shipped_texts, system_ids
from regen.web.logs import add_context, fields_of, log_context, set_up
from support.backfill_bench import DAYS, BackfillBench
from support.bench import Bench
from support.league import DAY, SYSTEMS, entry, names, players
from support.lists import list_batches
from support.played import able
from support.polling import wait_until

TESTS = Path(__file__).parents[1]
SRC = Path(regen.__file__).parent
ONE_PLAYER = """
import sys
folder, tests = sys.argv[1:]
sys.meta_path = [f for f in sys.meta_path if "editable" not in repr(f).lower()]
sys.path[:0] = [folder]
import flask, main, regen
assert regen.__file__.startswith(folder), regen.__file__
from regen.adapters.memory import shared
sys.path.append(tests)
from support.bench import Bench
from support.league import entry
from support.wire import PUSHED, envelope
from regen.systems import load_artefact
one = entry("p")
from msgspec.structs import force_setattr
force_setattr(one.inputs, "feature_version", load_artefact().feature_version)
bench = Bench([one], systems=("moving_average",))
bench.deps = type(bench.deps)(shared.store, bench.queue, bench.warehouse, bench.clock, bench.deps.ids, bench.deps.config)
answer = bench.regenerate()
import json
((message,)) = bench.queue.of("prediction-request")
body = envelope("m1", json.dumps(message).encode(), {}, "s", 1)
with flask.Flask("x").test_request_context("/", method="POST", data=body, environ_overrides=PUSHED):
    print(main.main(flask.request).status_code, bench.batch(answer.batch_id).status)
from regen.services.views import batch_view
print(batch_view.view_batch(bench.deps, answer.batch_id).counts.produced)
"""


def test_i59_the_packaged_worker_predicts_one_player(tmp_path: Path) -> None:
    """What is deployed is started from its package alone, without the checkout, and does a batch of one player.

    Prevented in: src/regen/local/packaging.py
    Turns red when: a module that the worker imports is not packaged with it.
    """
    packages = package_functions(build=tmp_path)
    environment = {
        "REGEN_PROJECT": "a-project", "REGEN_BACKEND": "memory", "REGEN_TOKEN_CHECK": "claims",
        "REGEN_PUSH_ACCOUNTS": "pusher@simulated", "REGEN_SYSTEMS": "moving_average", "PATH": "/usr/bin",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", ONE_PLAYER, str(packages["worker"].folder), str(TESTS)],
        env=environment, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split()[-3:] == ["204", "complete", "1"]


def test_i60_five_hundred_players_complete_in_one_burst() -> None:
    """Ten messages for five hundred players, taken by eight workers at once: no failure, one completion.

    Prevented in: src/regen/services/batch/completion.py, src/regen/services/batch/requests.py
    Turns red when: `group` makes one request of each player.
    """
    bench = Bench([entry(f"p{n}") for n in range(500)], players_per_request=50)
    answer = bench.regenerate()
    messages = bench.queue.of(REQUEST_TOPIC)
    assert len(messages) == 10
    barrier = threading.Barrier(8)

    def work(number: int) -> str:
        if number < 8:
            barrier.wait(10)
        message = messages[number % 10]
        return processing.process_request(bench.deps, message["batch_id"], message["request_id"])

    with ThreadPoolExecutor(8) as pool:
        words = list(pool.map(work, range(24)))
    assert words.count("done") == 10
    assert set(words) <= {"done", "already_done", "over"}
    assert bench.batch(answer.batch_id).status is Status.COMPLETE
    bench.drain()
    assert bench.batch(answer.batch_id).counts.produced == 500


def test_i61_the_batchs_progress_survives_a_restart() -> None:
    """202 is answered after all is stored and published, with the id under which any later instance reports the progress.

    Prevented in: src/regen/services/batch/opening.py, src/regen/web/coordinator.py
    Turns red when: publishing is left to a thread that outlives the answer.
    """
    bench = Bench(players(10))
    body = b'{"game_date": "2026-01-20", "reason": "late_data"}'
    threads = threading.active_count()
    reply = Http(bench.deps).key("POST", "/regenerate-with-supersede", body)
    assert reply.status == 202
    wait_until(lambda: threading.active_count() <= threads, 5, "the end of each thread of the call")
    published = [m["batch_id"] for m in bench.queue.of(REQUEST_TOPIC)]
    assert published == [reply.body["batch_id"]] * reply.body["requests"]
    restarted = Http(bench.deps)
    counts = []
    while bench.queue.waiting:
        bench.step(events=False)
        seen = restarted.key("GET", f"/batches/{reply.body['batch_id']}")
        counts.append((seen.status, seen.body["counts"]["produced"], len(seen.body["pending"])))
    assert counts == [(200, 4, 6), (200, 7, 3), (200, 10, 0)]
    assert reply.body["status_url"].endswith(f"/batches/{reply.body['batch_id']}")


def test_i62_simultaneous_batches_keep_ids_and_progress_apart() -> None:
    """Nothing is global: progress and log fields of one batch never turn up in another's.

    Prevented in: src/regen/web/logs.py, src/regen/services/views/batch_view.py
    Turns red when: the log's context is one dictionary of the module.
    """
    bench = Bench(players(8))
    other = DAY + timedelta(days=1)
    bench.slate([entry(f"x{n}", day=other) for n in range(4)], other)
    one, two = bench.regenerate("t1"), bench.regenerate("t2", day=other)
    bench.step(events=False)
    views = [batch_view.view_batch(bench.deps, answer.batch_id) for answer in (one, two)]
    assert [(len(v.pending), v.counts.produced) for v in views] == [(4, 4), (4, 0)]
    meet, seen = threading.Barrier(2), {}

    def log(name: str) -> None:
        with log_context(batch_id=name):
            meet.wait(5)
            add_context(outcome=name)
            meet.wait(5)
            seen[name] = fields_of(logging.makeLogRecord({}))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(log, ["a", "b"]))
    assert seen == {name: {"batch_id": name, "outcome": name} for name in ("a", "b")}
    bench.drain()
    assert {b.status for b in list_batches(bench.deps, None, None)} == {"promoted"}


@pytest.mark.parametrize(
    ("now", "today"),
    [
        ("2026-01-21T04:59:00+00:00", "2026-01-20"),
        ("2026-01-21T05:00:00+00:00", "2026-01-21"),
        ("2026-03-08T04:59:00+00:00", "2026-03-07"),
        ("2026-03-09T03:59:00+00:00", "2026-03-08"),
        ("2026-03-09T04:00:00+00:00", "2026-03-09"),
    ],
)
def test_i63_today_is_the_us_eastern_date(now: str, today: str) -> None:
    """TODAY is the US Eastern date, over midnight UTC and the change of the clocks; no module asks the machine's date.

    Prevented in: src/regen/domain/dates.py
    Turns red when: `eastern_today` takes the UTC date.
    """
    moment = datetime.fromisoformat(now)
    assert eastern_today(moment) == parse_game_date("TODAY", moment) == date.fromisoformat(today)
    assert parse_game_date("TOMORROW", moment) == date.fromisoformat(today) + timedelta(days=1)
    for wrong in ("today", "2026-1-5", "20260120", "2026-02-30", None, 5, "", "2026-01-20T00:00:00"):
        with pytest.raises(InvalidInput):
            parse_game_date(wrong, moment)
    naive = ("date.today(", "datetime.today(", "utcnow(", "datetime.now()")
    assert [f.name for f in SRC.rglob("*.py") for call in naive if call in f.read_text()] == []


def test_i64_each_severity_is_logged_as_one_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    """On the platform every severity from INFO on comes out as one JSON line with its fields, a traceback with its own.

    Prevented in: src/regen/web/logs.py
    Turns red when: `set_up` leaves the root logger at WARNING, where the framework has it.
    """
    logging.getLogger().setLevel(logging.WARNING)
    set_up({"K_SERVICE": "worker", "REGEN_PROJECT": "a-project", "K_REVISION": "r1"})
    log = logging.getLogger("regen.anything")
    with log_context(batch_id="b1"):
        for level in (logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
            log.log(level, "seen")
        try:
            raise ValueError("boom")
        except ValueError:
            log.exception("failed")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["severity"] for line in lines] == ["INFO", "WARNING", "ERROR", "CRITICAL", "ERROR"]
    assert {line["batch_id"] for line in lines} == {"b1"}
    assert "ValueError: boom" in lines[-1]["stack_trace"]


def _lose_all_batches(bench: Bench) -> None:
    """Every live batch fails before it is dispatched, and nothing is left of its trigger."""
    for batch in bench.store.find("prediction_batches", [("live", "==", True)]):
        bench.store.commit([
            Write("update", batch.path, {"status": "failed", "live": False}),
            Write("update", date_path(DAYS[0]), {"live": None, "carried": []}),
        ])  # fmt: skip


def test_i66_past_dates_are_backfilled_and_attempts_are_bounded() -> None:
    """A backfill does not compare features with the present time, and what fails again and again comes to an end.

    Prevented in: src/regen/services/backfill/backfilling.py, src/regen/services/backfill/settling.py, src/regen/domain/bdb.py
    Turns red when: opening refuses features that are older than some days, or a lost date is opened for ever.
    """
    bench = BackfillBench()
    bench.clock.advance(timedelta(days=800).total_seconds())
    made = bench.create()
    bench.drain()
    assert bench.states(made.backfill_id) == ["promoted", "promoted", "no_slate", "promoted", "promoted"]
    lost = BackfillBench(days=[DAYS[0]])
    backfill = lost.create(last=DAYS[0])
    for _ in range(3 * MAX_ATTEMPTS):
        while lost.queue.waiting:
            lost.step(events=False)
            _lose_all_batches(lost)
        lost.clock.advance(600)
        sweeping.sweep(lost.deps)
    assert lost.states(backfill.backfill_id) == ["failed"]
    assert len(list_batches(lost.deps, None, None)) == MAX_ATTEMPTS
    now = datetime(2026, 1, 30, tzinfo=UTC)
    stuck = BdbGame(
        DAY, "g", "regenerating", features=8, stale=8, attempts=BDB_ATTEMPTS, updated_at=now - timedelta(days=2)
    )
    assert decide(stuck, now).act is BdbAct.EXPIRE


def test_i67_a_player_has_one_row_for_a_system_and_line() -> None:
    """However many bookmakers and models there are: rows are systems times the lines of one book, and that is counted.

    Prevented in: src/regen/domain/lines.py, src/regen/domain/checks/produced.py
    Turns red when: `choose` returns the lines of every bookmaker.
    """
    one = entry("p", form=20.0)
    books = ("betmgm", "fanduel", "draftkings", "betrivers", "prizepicks", "underdog")
    offered = tuple(Line(value + n / 2, book) for n, book in enumerate(books) for value in (18.5, 19.5))
    assert one.inputs is not None
    force_setattr(one.inputs, "lines", offered)
    bench = Bench([one, entry("o", status="out")])
    batch = bench.run()
    rows = bench.warehouse.predictions(DAY)
    assert len(rows) == batch.counts.inserted == len(SYSTEMS) * 2
    assert {row["sportsbook"] for row in rows} == {"draftkings"}
    assert {"unique_keys", "rows_staged"} <= NEVER_ACCEPTED


def test_i67_challengers_add_no_row_to_the_predictions() -> None:
    """However many models are tried: they are bounded by a setting, their rows are elsewhere, and a batch's own are what they were.

    Prevented in: src/regen/services/batch/challenge_orders.py, src/regen/services/batch/challenger_rows.py
    Turns red when: `promote_round` stages what challengers predicted.
    """
    own = {"systems": ("moving_average",), "run_for": by_version(("moving_average",)), "artefacts": shipped_texts}
    alone, bench = (Bench([able(n, 15.0) for n in names(4)], max_challengers=2, **own) for _ in range(2))
    others = [name for name in system_ids() if name != "moving_average"]
    asked = [ChallengeOrder(name, ends=False, caller="api_key:ops", reason="r") for name in others[:3]]
    for given in asked[:2]:
        order_challenger(bench.deps, given)
    with pytest.raises(Refused, match="at most 2"):
        order_challenger(bench.deps, asked[2])
    batches = [alone.run(), bench.run()]
    assert len(batches[1].challengers) == 2
    assert batches[0].counts == batches[1].counts
    assert [(r["player_lookup"], r["system_id"]) for r in alone.warehouse.predictions(DAY)] == [
        (r["player_lookup"], r["system_id"]) for r in bench.warehouse.predictions(DAY)
    ]
    assert {r["system_id"] for r in bench.warehouse.challengers(DAY)} == set(batches[1].challengers)


def test_i70_counts_are_measured_or_null_never_zero() -> None:
    """What has not been measured is null; what has was counted inside the transaction, from the rows.

    Prevented in: src/regen/sql/promote.sql, src/regen/domain/batch.py
    Turns red when: `Counts` begins with zeros.
    """
    bench = Bench()
    seeded(bench)
    answer = bench.regenerate()
    before = batch_view.view_batch(bench.deps, answer.batch_id).counts
    assert (before.superseded, before.inserted, before.withdrawn, before.kept) == (None,) * 4
    bench.drain()
    after = batch_view.view_batch(bench.deps, answer.batch_id).counts
    assert (after.superseded, after.inserted) == (len(superseded_rows(bench)), len(current_rows(bench))) == (16, 16)
    refused = Bench([entry(n, broken=True) for n in names(4)])
    seeded(refused)
    rejected = refused.run()
    assert (rejected.counts.superseded, rejected.counts.inserted) == (None, None)
    (audit,) = refused.audited("rejected")
    assert (audit.superseded_count, audit.regenerated_count) == (None, None)


@pytest.mark.parametrize(
    "reason", ["Feature Upgrade", "x; DROP TABLE y", "../etc", "a-b", "", "a" * 41, "1st", "é", None, 5]
)
def test_i71_free_text_never_becomes_part_of_an_id(reason: object) -> None:
    """A reason is one plain word; free text goes into the metadata, and no name is made of it.

    Prevented in: src/regen/domain/ids.py, src/regen/web/bodies.py
    Turns red when: the pattern of a reason allows spaces, quotes, dashes or any length.
    """
    bench = Bench()
    body = {"game_date": "2026-01-20", "reason": reason, "metadata": {"note": str(reason)}}
    reply = Http(bench.deps).key("POST", "/regenerate-with-supersede", json.dumps(body).encode())
    assert (reply.status, reply.body["field"]) == (400, "reason")
    assert bench.store.writes == 0
    assert checked_reason("bdb_upgrade_2") == "bdb_upgrade_2"
    staged: list[str] = []

    class Watched(MemoryWarehouse):
        def stage(self, staging: str, rows: Any) -> int:
            staged.append(staging)
            return super().stage(staging, rows)

    with_warehouse(bench, Watched(bench.clock.now))
    bench.run(metadata={"note": str(reason)})
    assert [name.replace("_", "").isalnum() and name.isascii() for name in staged] == [True]
