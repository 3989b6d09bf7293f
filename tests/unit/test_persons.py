"""Who did it: beside the key, the person, whom the platform has identified or the caller names; every record has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from regen.cli.settings import operator
from regen.client.errors import Misused
from regen.domain.persons import asked_by
from regen.local.tokens import TokenSigner
from regen.services.state.documents import decode_outbox
from regen.services.state.paths import OUTBOX
from regen.web.callers import CHECKED_FIRST, Gatekeeper
from regen.web.settings import read_settings
from support.league import DAY, players
from support.seat import Seat
from support.web_bench import AUDIENCE, ISSUER, KEYED, Web, claimed, environment, signed

CLAIM = {"X-Regen-On-Behalf-Of": "ann@laptop"}
ACCOUNT = "ann@example.com"
BODY = {"game_date": DAY.isoformat()}


@pytest.fixture(scope="module")
def behind_iam() -> Gatekeeper:
    return Gatekeeper(read_settings(environment(REGEN_TOKEN_CHECK="claims_behind_iam")))


@pytest.fixture(scope="module")
def public() -> Gatekeeper:
    return Gatekeeper(read_settings(environment()))


def test_every_record_of_an_order_names_the_person() -> None:
    web = Web(players(4))
    batch = web.post("/regenerate-with-supersede", BODY, CLAIM).get_json()["batch_id"]
    bo = {"X-Regen-On-Behalf-Of": "bo@desk"}
    assert web.post(f"/batches/{batch}/cancel", {"reason": "wrong"}, bo).status_code == 202
    view = web.get(f"/batches/{batch}").get_json()
    assert (view["triggered_by"], view["on_behalf_of"]) == ("api_key:old", "claimed:ann@laptop")
    assert (view["history"][-1]["by"], view["history"][-1]["on_behalf_of"]) == ("api_key:old", "claimed:bo@desk")
    items = [decode_outbox(s).payload.get("entry") for s in web.bench.store.find(OUTBOX)]
    by = {entry["event"]: entry["on_behalf_of"] for entry in items if entry}
    assert by == {"requested": "claimed:ann@laptop", "cancelled": "claimed:bo@desk"}


def test_a_rollback_is_on_record_for_the_one_who_gave_it() -> None:
    web = Web(players(4))
    batch = web.post("/regenerate-with-supersede", BODY, CLAIM).get_json()["batch_id"]
    web.bench.drain()
    bo = {"X-Regen-On-Behalf-Of": "bo@desk"}
    assert web.post(f"/batches/{batch}/rollback", {"reason": "wrong"}, bo).status_code == 202
    web.bench.drain()
    by = {row.entry.event.value: row.entry for row in web.bench.warehouse.audit()}
    assert by["promoted"].on_behalf_of == "claimed:ann@laptop"
    assert by["rolled_back"].on_behalf_of == "claimed:bo@desk"
    assert by["rolled_back"].metadata["order_reason"] == "wrong"


def test_a_coalesced_trigger_and_its_follow_up_keep_the_person() -> None:
    web = Web(players(4))
    web.post("/regenerate-with-supersede", BODY)
    web.post("/regenerate-with-supersede", BODY, CLAIM)
    (waiting,) = web.get(f"/batches?game_date={DAY}").get_json()["waiting"]
    assert waiting["on_behalf_of"] == "claimed:ann@laptop"
    web.bench.drain()
    newest, first = web.get(f"/batches?game_date={DAY}").get_json()["batches"]
    assert (newest["on_behalf_of"], first["on_behalf_of"]) == ("claimed:ann@laptop", None)


def test_orders_on_a_backfill_name_the_person() -> None:
    web = Web(players(4))
    made = web.post("/backfills", {"from": DAY.isoformat(), "to": DAY.isoformat()}, CLAIM).get_json()
    assert made["on_behalf_of"] == "claimed:ann@laptop"
    web.post(f"/backfills/{made['backfill_id']}/pause", {}, {"X-Regen-On-Behalf-Of": "bo"})
    items = [decode_outbox(s).payload.get("entry") for s in web.bench.store.find(OUTBOX)]
    assert [e["on_behalf_of"] for e in items if e and e["status"] == "paused"] == ["claimed:bo"]


def test_whom_the_platform_let_in_counts_before_a_claim(behind_iam: Gatekeeper) -> None:
    let_in = {CHECKED_FIRST: claimed(email=ACCOUNT)["Authorization"]}
    assert behind_iam.by_key({**KEYED, **let_in, **CLAIM}).on_behalf_of == f"verified:{ACCOUNT}"
    robot = {CHECKED_FIRST: claimed(email="ci@p.iam.gserviceaccount.com")["Authorization"]}
    assert behind_iam.by_key({**KEYED, **robot, **CLAIM}).on_behalf_of == "claimed:ann@laptop"
    assert behind_iam.by_key({**KEYED, **robot}).on_behalf_of == "verified:ci@p.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    "forged",
    [
        claimed(email=ACCOUNT),
        signed(email=ACCOUNT),
        {"Authorization": TokenSigner(ISSUER, AUDIENCE).bearer(ACCOUNT)},
        {CHECKED_FIRST: claimed(email=ACCOUNT)["Authorization"]},
    ],
)
def test_a_public_service_takes_no_account_for_verified(public: Gatekeeper, forged: dict[str, str]) -> None:
    assert public.by_key({**KEYED, **forged}).on_behalf_of is None


@pytest.mark.parametrize(
    "change",
    [
        {"email_verified": False},
        {"iss": "https://evil.example"},
        {"iss": ["x"]},
        *({"email": email} for email in (7, "", "a\x00b@x.com", "\x1b[2J@x", "\u202ea@x", "a\ud800@x", "x" * 300)),
    ],
    ids=str,
)
def test_a_token_that_proves_no_account_verifies_nobody(behind_iam: Gatekeeper, change: dict[str, object]) -> None:
    token = {"Authorization": claimed(**{"email": ACCOUNT, **change})["Authorization"]}
    assert behind_iam.by_key({**KEYED, **token}).on_behalf_of is None


@pytest.mark.parametrize("name", [" ", "a\tb", "x" * 201, "\u202eann".encode().decode("latin-1"), "\xff"])
def test_a_claim_that_cannot_be_shown_is_refused_by_name(name: str) -> None:
    answer = Web(players(1)).post("/regenerate-with-supersede", BODY, {"X-Regen-On-Behalf-Of": name})
    assert (answer.status_code, answer.get_json()["field"]) == (400, "X-Regen-On-Behalf-Of")


def test_status_audit_and_report_name_the_operator(seat: Seat, tmp_path: Path) -> None:
    assert seat("regenerate", DAY.isoformat(), env={"REGEN_OPERATOR": "Nikola Jokić"}).exit_code == 0
    batch = seat("status", "--json").stdout
    batch = batch.split('"batch_id": "')[1].split('"')[0]
    assert seat("rollback", batch, "--reason", "wrong feed", "--yes").exit_code == 0
    seat.bench.sweep()
    said = "api_key:old for Nikola Jokić (claimed)"
    ordered = "api_key:old for ann@laptop (claimed)"
    for page in (seat("status", batch).stdout, seat("audit", batch).stdout):
        text = " ".join(page.split())
        assert said in text
        assert "wrong feed" in text
        assert "ann@laptop" in text
    assert seat("report", batch, "-o", str(tmp_path / "r.html")).exit_code == 0
    html = (tmp_path / "r.html").read_text()
    assert said in html
    assert f'<td data-head="why">rollback: wrong feed</td><td data-head="by">{ordered}</td>' in html


def test_the_operator_is_the_setting_else_user_and_machine() -> None:
    assert operator({"REGEN_OPERATOR": " Ann "}) == "Ann"
    assert operator({"REGEN_OPERATOR": "Ann"}, "of the profile") == "of the profile"
    assert (operator({"USER": "ann"}) or "").startswith("ann@")
    assert (operator({"SUDO_USER": "ann", "USER": "root"}) or "").startswith("ann@")
    with pytest.raises(Misused, match="REGEN_OPERATOR"):
        operator({"REGEN_OPERATOR": "a\nb"})


def test_a_record_without_a_person_reads_as_before() -> None:
    assert asked_by("sweep", None) == "sweep"
    assert asked_by("api_key:ops", "verified:ann@example.com") == "api_key:ops for ann@example.com (verified)"
