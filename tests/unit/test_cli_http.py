"""The client: what it sends, what it repeats, and what its errors say."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from regen.client.coordinator import Coordinator
from regen.client.errors import NotPromised, Problem, Unreachable
from regen.client.http import problem_from_answer
from regen.client.waiting import StillLive, wait_for
from support.fake_coordinator import FakeCoordinator, serving, view

UNAVAILABLE = (503, {"title": "A dependency does not answer", "detail": "Firestore"})


@pytest.fixture
def fake() -> Iterator[FakeCoordinator]:
    with serving() as fake:
        yield fake


@pytest.fixture
def coordinator(fake: FakeCoordinator) -> Coordinator:
    return Coordinator(fake.url, "k", pauses=(0.0, 0.0))


def test_client_sends_key_and_query(fake: FakeCoordinator, coordinator: Coordinator) -> None:
    listed = {**view("b"), "counts": 7}
    fake.say("GET /batches?game_date=2026-01-20", (200, {"batches": [listed]}))
    (found,) = coordinator.batches("2026-01-20")
    assert (found.value.batch_id, found.record) == ("b", listed)
    headers = {name.lower(): value for name, value in fake.asked[0][2].items()}
    assert headers["x-api-key"] == "k"


def test_read_is_retried_while_the_coordinator_is_away(fake: FakeCoordinator, coordinator: Coordinator) -> None:
    fake.say("GET /batches/b", UNAVAILABLE, UNAVAILABLE, (200, view("b")))
    assert coordinator.batch("b").record == view("b")


def test_order_with_a_key_is_retried_under_the_same_key(fake: FakeCoordinator, coordinator: Coordinator) -> None:
    fake.say("POST /start", UNAVAILABLE, (202, {"status": "accepted"}))
    assert coordinator.post_keyed("/start", {"game_date": "2026-01-20"}) == {"status": "accepted"}
    keys = {headers["Idempotency-Key"] for _, _, headers in fake.asked}
    assert len(fake.asked) == 2
    assert len(keys) == 1


def test_order_without_a_key_is_not_retried(fake: FakeCoordinator, coordinator: Coordinator) -> None:
    fake.say("POST /batches/b/rollback", UNAVAILABLE)
    with pytest.raises(Problem, match="Firestore"):
        coordinator.post("/batches/b/rollback", {})
    assert len(fake.asked) == 1


def test_order_on_a_batch_is_retried_under_one_key(fake: FakeCoordinator, coordinator: Coordinator) -> None:
    fake.say("POST /batches/b/rollback", UNAVAILABLE, (202, {"status": "accepted", "batch_id": "b"}))
    assert coordinator.order("b", "rollback", {}).value.batch_id == "b"
    assert len(fake.asked) == 2
    assert len({headers["Idempotency-Key"] for _, _, headers in fake.asked}) == 1


def patient(fake: FakeCoordinator, waited: list[float], told: list[str]) -> Coordinator:
    return Coordinator(fake.url, "k", pauses=(0.5,), patience=60.0, tell=told.append, sleep=waited.append)


def test_retry_after_is_honoured_and_printed(fake: FakeCoordinator) -> None:
    """503 says `Retry-After: 10`; the client gave up after 3.7 s."""
    waited: list[float] = []
    told: list[str] = []
    later = (*UNAVAILABLE, {"Retry-After": "10"})
    fake.say("POST /start", later, later, later, later, (202, {"status": "accepted"}))
    assert patient(fake, waited, told).post_keyed("/start", {})["status"] == "accepted"
    assert waited == [10.0] * 4
    assert told == ["A dependency does not answer: Firestore; trying again in 10 s"] * 4
    assert len({headers["Idempotency-Key"] for _, _, headers in fake.asked}) == 1


def test_total_wait_for_retry_after_is_bounded(fake: FakeCoordinator) -> None:
    waited: list[float] = []
    fake.say("POST /start", (*UNAVAILABLE, {"Retry-After": "25"}))
    with pytest.raises(Problem, match="Firestore"):
        patient(fake, waited, []).post_keyed("/start", {})
    assert waited == [25.0, 25.0]
    fake.say("POST /start", (*UNAVAILABLE, {"Retry-After": "3600"}))
    with pytest.raises(Problem) as caught:
        patient(fake, waited, []).post_keyed("/start", {})
    assert (len(waited), caught.value.retry_after) == (2, 3600.0)


@pytest.mark.parametrize("said", ["soon", "-5", "1e3", "Wed, 99 Nov 2026"])
def test_invalid_retry_after_falls_back_to_the_default(fake: FakeCoordinator, said: str) -> None:
    waited: list[float] = []
    fake.say("GET /batches/b", (*UNAVAILABLE, {"Retry-After": said}), (200, view("b")))
    assert patient(fake, waited, []).batch("b").value.batch_id == "b"
    assert waited == [0.5]


def test_retry_after_in_the_past_waits_a_moment(fake: FakeCoordinator) -> None:
    waited: list[float] = []
    past = {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}
    fake.say("GET /batches/b", (*UNAVAILABLE, past), (200, view("b")))
    assert patient(fake, waited, []).batch("b").value.batch_id == "b"
    assert waited == [0.2]


def test_a_problem_names_field_and_batch(fake: FakeCoordinator, coordinator: Coordinator) -> None:
    problem = {"title": "Refused", "detail": "x is live", "batch_id": "x"}
    fake.say("POST /start", (409, problem))
    with pytest.raises(Problem, match="Refused: x is live") as caught:
        coordinator.post_keyed("/start", {})
    assert (caught.value.batch_id, caught.value.exit_code) == ("x", 3)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, 2),
        (413, 2),
        (422, 2),
        (401, 6),
        (403, 6),
        (404, 4),
        (410, 4),
        (409, 3),
        (408, 5),
        (429, 5),
        (500, 5),
        (503, 5),
    ],
)
def test_exit_code_follows_the_status(status: int, code: int) -> None:
    assert problem_from_answer(status, b'{"title": "T", "detail": "d"}').exit_code == code


def test_answer_that_is_not_json_is_shown_unchanged() -> None:
    assert str(problem_from_answer(502, b"Bad gateway\n<html>")) == "HTTP 502: Bad gateway"


def test_key_is_not_sent_to_a_redirect(fake: FakeCoordinator, coordinator: Coordinator) -> None:
    fake.say("GET /batches/b", (302, {}))
    with pytest.raises(Problem):
        coordinator.batch("b")
    assert [route for route, _, _ in fake.asked] == ["GET /batches/b"]


def test_connection_error_names_the_address_and_its_source() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(Unreachable, match=rf"{url} \(from the profile x\)"):
            Coordinator(url, "k", "the profile x", pauses=()).batch("b")


def test_answer_of_another_server_is_reported(fake: FakeCoordinator, coordinator: Coordinator) -> None:
    fake.say("GET /batches/b", (200, "<html>hello</html>"))
    with pytest.raises(Unreachable, match="no coordinator"):
        coordinator.batch("b")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"counts": None}, "Expected `object`, got `null` - at `$.counts`"),
        ({"round": "two"}, "Expected `int`, got `str` - at `$.round`"),
        (
            {"history": [{"at": "2026-01-20T20:00:00Z", "from": "a", "to": "b"}]},
            "missing required field `why` - at `$.history[0]`",
        ),
    ],
    ids=["null", "other type", "missing"],
)
def test_an_answer_of_another_form_names_its_field(
    fake: FakeCoordinator, coordinator: Coordinator, change: dict[str, object], says: str
) -> None:
    fake.say("GET /batches/b", (200, {**view("b"), **change}))
    with pytest.raises(NotPromised) as caught:
        coordinator.batch("b")
    assert str(caught.value).startswith("GET /batches/b: the coordinator's answer is not what this version reads: ")
    assert says in str(caught.value)
    assert (caught.value.exit_code, caught.value.next) == (5, "regen doctor")


@pytest.mark.parametrize(
    ("body", "says"),
    [({}, "POST /bdb/scan was carried out: "), ({"dry_run": True}, "POST /bdb/scan: ")],
    ids=["order", "dry run"],
)
def test_an_order_with_a_strange_answer_was_carried_out(
    fake: FakeCoordinator, coordinator: Coordinator, body: dict[str, object], says: str
) -> None:
    fake.say("POST /bdb/scan", (200, {"triggered": [], "counts": {}}))
    with pytest.raises(NotPromised, match="missing required field `games`") as caught:
        coordinator.scan(body)
    assert str(caught.value).startswith(says)


def test_fields_of_a_newer_coordinator_are_kept_and_not_read(fake: FakeCoordinator, coordinator: Coordinator) -> None:
    newer = {**view("b", "postponed"), "weather": "snow", "counts": {**view()["counts"], "retired": 3}}
    fake.say("GET /batches/b", (200, newer))
    found = coordinator.batch("b")
    assert (found.value.status, found.value.counts.produced, found.record) == ("postponed", 3, newer)


def test_fields_that_an_older_coordinator_lacks_have_defaults(fake: FakeCoordinator, coordinator: Coordinator) -> None:
    older = view("b")
    assert not {"promoted_rounds", "hold", "withdrawals", "withdrawal", "models", "on_behalf_of"} & older.keys()
    fake.say("GET /batches/b", (200, older))
    found = coordinator.batch("b").value
    assert (found.promoted_rounds, found.hold, found.withdrawals, found.on_behalf_of) == ([], False, {}, None)
    fake.say("GET /ready", (200, {"status": "ready", "version": "1", "firestore": "ok", "bigquery": "ok"}))
    assert not coordinator.ready().value.vitals


def test_wait_ends_with_the_batches_and_prints_each_poll(fake: FakeCoordinator, coordinator: Coordinator) -> None:
    fake.say("GET /batches/a", (200, view("a", "running")), (200, view("a", "promoted")))
    fake.say("GET /batches/b", (200, view("b", "rejected")))
    looks: list[list[str]] = []
    ends = wait_for(
        coordinator, ["a", "b"], timeout=5, every=0.01, look=lambda views: looks.append([v.status for v in views])
    )
    assert [end.value.status for end in ends] == ["promoted", "rejected"]
    assert looks == [["running", "rejected"], ["promoted", "rejected"]]
    assert len(fake.bodies("GET /batches/b")) == 1


def test_wait_times_out(fake: FakeCoordinator, coordinator: Coordinator) -> None:
    fake.say("GET /batches/a", (200, view("a", "running")))
    with pytest.raises(StillLive, match="a is running"):
        wait_for(coordinator, ["a"], timeout=0.05, every=0.02)


def test_wait_stops_when_the_caller_aborts(fake: FakeCoordinator, coordinator: Coordinator) -> None:
    fake.say("GET /batches/a", (200, view("a", "running")))

    def abort() -> None:
        raise RuntimeError("worker died")

    with pytest.raises(RuntimeError, match="worker died"):
        wait_for(coordinator, ["a"], timeout=5, abort=abort)
