"""Systems that are gone: their current rows end with the promotion that gives their players new ones."""

from typing import Any

from regen.domain.batch import Status
from regen.domain.checks import judge
from regen.domain.promotion import CurrentPrediction
from regen.domain.scope import Scope
from regen.services.state.deps import ALERT_TOPIC
from support.bench import Bench
from support.league import DAY, entry, names, old_row, players
from unit.test_checks_slate import current, evidence

GONE = "catboost_v8"


def bench(*, retired: tuple[str, ...] = (GONE, "ensemble_v1_1"), number: int = 6) -> Bench:
    made = Bench(players(number), retired_systems=retired)
    made.warehouse.seed_predictions(old_row(player, GONE, 11.5) for player in names(number))
    return made


def gone(made: Bench) -> dict[str, Any]:
    return {r["player_lookup"]: r for r in made.warehouse.predictions(DAY) if r["system_id"] == GONE}


def test_rows_of_a_retired_system_end_with_the_batch_on_record() -> None:
    made = bench()
    batch = made.run()
    assert batch.status is Status.PROMOTED
    assert {(r["superseded_reason"], r["superseded_by_prediction_id"]) for r in gone(made).values()} == {
        ("system_retired", None)
    }
    assert batch.counts.withdrawn == 6
    assert (batch.verdict or {})["withdrawals"] == {"system_retired": {"players": 6, "rows": 6}}
    (audit,) = made.audited("promoted")
    assert audit.withdrawn == 6
    assert audit.verdict is not None
    assert audit.verdict["withdrawals"]["system_retired"]["rows"] == 6
    assert made.queue.of(ALERT_TOPIC) == []
    assert made.run("t2").counts.withdrawn == 0


def test_without_the_setting_they_stay_and_are_named() -> None:
    made = bench(retired=())
    batch = made.run()
    assert not any(row.get("superseded") for row in gone(made).values())
    assert "catboost_v8 (6 players)" in str((batch.verdict or {})["not_looked_at"])


def test_a_player_without_new_rows_keeps_retired_ones() -> None:
    made = bench(number=10)
    made.slate([*players(9), entry(names(10)[9], broken=True)])
    batch = made.run()
    assert batch.status is Status.PROMOTED, batch.verdict
    kept = [player for player, row in gone(made).items() if not row.get("superseded")]
    assert kept == [names(10)[9]]


def test_a_batch_of_named_systems_retires_nothing() -> None:
    made = bench()
    made.run(scope=Scope(systems=("steady",)))
    assert not any(row.get("superseded") for row in gone(made).values())


def test_a_system_that_the_batch_runs_is_never_retired() -> None:
    made = bench(retired=("steady",))
    made.run()
    batch = made.run("t2")
    assert (batch.verdict or {})["withdrawals"] == {}
    assert {row.system_id for row in made.warehouse.current_predictions(DAY)} >= {"steady", GONE}


def test_rows_of_a_retired_system_are_in_no_baseline() -> None:
    before: list[CurrentPrediction] = [current(f"gone{n}", system=GONE) for n in range(50)]
    seen = evidence([], [f"p{n}" for n in range(10)], current=before, retired=frozenset({GONE}))
    assert judge(seen).failed == []
    assert "withdrawn_players" in judge(evidence([], [f"p{n}" for n in range(10)], current=before)).failed
