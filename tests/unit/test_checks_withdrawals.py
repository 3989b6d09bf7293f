"""Games called off, and batches that consist of withdrawals alone."""

import pytest

from regen.api.batches import Withdrawn
from regen.domain.batch import Batch, Status
from regen.domain.errors import NobodyRequested
from regen.domain.scope import Scope
from regen.domain.slate import is_called_off
from regen.domain.slate_reading import SlateEntry
from regen.domain.values import replace
from regen.services.batch import opening
from regen.services.state.deps import ALERT_TOPIC
from regen.services.views import batch_view
from support.bench import Bench
from support.league import DAY, SYSTEMS, entry, names, players

GAMES = ("g1", "g2")


def roster(called_off: str = "") -> list[SlateEntry]:
    return [
        entry(n, form=12.0 + k, lines=(11.5 + k,), game=GAMES[k // 4], called_off=GAMES[k // 4] == called_off)
        for k, n in enumerate(names(8))
    ]


def reasons(bench: Bench) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in bench.warehouse.predictions(DAY):
        if row.get("superseded") and row["superseded_by_prediction_id"] is None:
            found.setdefault(row["superseded_reason"], set()).add(row["player_lookup"])
    return found


@pytest.mark.parametrize(
    ("word", "off"),
    [
        ("Postponed", True),
        (" PPD ", True),
        ("CANCELED", True),
        ("cancelled - weather", True),
        ("Suspended", True),
        ("postponedish", False),
        ("Scheduled", False),
        ("not postponed", False),
        ("", False),
        (None, False),
    ],
)
def test_game_status_cancelled_is_read_in_any_case(word: str | None, off: bool) -> None:  # noqa: FBT001
    assert is_called_off(word) is off


def test_cancelled_game_is_withdrawn_and_reported() -> None:
    bench = Bench(roster())
    bench.run()
    bench.slate(roster("g2"))
    second = bench.run("t2")
    assert (second.status, second.requested_players) == (Status.PROMOTED, 4)
    assert reasons(bench) == {"postponed": set(names(8)[4:])}
    view = batch_view.view_batch(bench.deps, second.batch_id)
    assert view.withdrawals == {"postponed": Withdrawn(players=4, rows=4 * len(SYSTEMS))}
    assert [a["type"] for a in bench.queue.of(ALERT_TOPIC)] == ["predictions_withdrawn"]


def test_cancelled_date_is_withdrawn_by_one_batch() -> None:
    bench = Bench(players(4))
    bench.run()
    bench.slate([replace(e, called_off=True) for e in players(4)])
    second = bench.run("t2")
    assert (second.status, second.counts.withdrawn, bench.current()) == (Status.PROMOTED, 8, set())


def test_filtered_batch_withdraws_only_its_injured_player() -> None:
    bench = Bench(players(8))
    first = bench.run()
    bench.slate([replace(e, status="out") if e.player_lookup == "playera" else e for e in players(8)])
    second = bench.run("t2", scope=Scope(players=("playera",)))
    assert (second.status, second.requested_players, second.counts.withdrawn) == (Status.PROMOTED, 0, 2)
    assert reasons(bench) == {"out": {"playera"}}
    assert {n for n, makers in bench.makers().items() if makers == {first.batch_id}} == set(names(8)[1:])
    told = {each["name"] for each in (second.verdict or {})["not_looked_at"]}
    assert {"coverage", "minimum_produced"} <= told


def test_filtered_batch_withdraws_a_player_injured_later() -> None:
    bench = Bench(players(8))
    bench.run()
    bench.slate([entry("playera", injury="out"), *players(8)[1:]])
    second = bench.run("t2", scope=Scope(players=("playera",)))
    assert (second.status, second.requested_players, second.counts.withdrawn) == (Status.PROMOTED, 1, 2)


def _refused(bench: Bench, scope: Scope) -> Batch | None:
    with pytest.raises(NobodyRequested):
        opening.open_batch(bench.deps, bench.trigger("t2", scope=scope))
    with pytest.raises(NobodyRequested):
        opening.preview(bench.deps, bench.trigger("t2", scope=scope))
    return None


def test_batch_with_nothing_to_predict_or_withdraw_is_an_error() -> None:
    bench = Bench([*players(4), entry("benched", lines=(), minutes=5.0), entry("hurt", status="out")])
    bench.run()
    _refused(bench, Scope(players=("benched",)))
    _refused(bench, Scope(players=("hurt",)))
    bench.slate([replace(e, status="out") for e in players(4)])
    _refused(bench, Scope())


def test_slate_with_all_players_out_is_rejected() -> None:
    bench = Bench(players(6))
    bench.run()
    before = bench.warehouse.predictions(DAY)
    bench.slate([entry(n, injury="out") for n in names(6)])
    second = bench.run("t2")
    assert (second.verdict or {})["failed"] == ["coverage", "minimum_produced", "out_at_once"]
    assert bench.warehouse.predictions(DAY) == before
