"""D: features, models, and whether the numbers can be right."""

import json
import re
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import force_setattr

import regen.systems
from incidents.scenes import current_rows, seeded
from regen.adapters.bigquery import slate
from regen.adapters.memory.warehouse import MemoryWarehouse
from regen.domain.batch import Status
from regen.domain.bdb import BdbAct, BdbGame, decide
from regen.domain.checks import NEVER_ACCEPTED, agrees, sane
from regen.domain.errors import InsufficientData
from regen.domain.estimate import Estimate, Trust
from regen.domain.feature_versions import FeatureVersions
from regen.domain.inputs import PlayerInputs
from regen.domain.market import market
from regen.domain.outcome import Outcome, OutcomeKind, Prediction
from regen.domain.predict import Gate, Naming, predict_player
from regen.domain.recommendation import advise
from regen.domain.values import replace
from regen.services.batch import orders
from regen.services.views import batch_view
from regen.systems import estimate_all, load_artefact, systems
from regen.systems.artefact import ArtefactRefused, parse_artefact
from regen.training.dataset import samples
from regen.web.settings import SettingsInvalid, read_settings
from support.bench import Bench
from support.league import DAY, SYSTEMS, entry, names, players
from support.season_factory import season

NAMING = Naming("b1", 1)


def inputs_of(player: str = "p", **what: Any) -> PlayerInputs:
    """What is known of a player of the little league."""
    found = entry(player, **what).inputs
    assert found is not None
    return found


def test_i42_rows_name_code_and_model_and_mean_jumps_are_refused() -> None:
    """Each row carries the revision of the worker that made it and its model's; 29 points more on average are rejected.

    Prevented in: src/regen/domain/result_rows.py, src/regen/domain/checks/moves.py
    Turns red when: the check `mean_shift` always passes, or rows name the coordinator's code in place of the worker's.
    """
    bench = Bench()
    bench.run()
    assert {(row["code_version"], row["model_version"]) for row in current_rows(bench)} == {("test", "1")}
    before = bench.warehouse.predictions(DAY)
    bench.slate([entry(n, form=45.0, lines=(11.5,)) for n in names(8)])
    wrong = bench.run("t2")
    assert wrong.status is Status.REJECTED
    assert wrong.verdict is not None
    assert "mean_shift" in wrong.verdict["failed"]
    assert bench.warehouse.predictions(DAY) == before
    bench.slate(players())
    answer = bench.regenerate("t3")
    stale = replace(bench.deps, config=replace(bench.deps.config, code_version="last week's"))
    bench.deps, fresh = stale, bench.deps
    bench.step(events=False)
    bench.deps = fresh
    bench.drain()
    assert {row["code_version"] for row in current_rows(bench)} == {"last week's", "test"}
    told = next(c for c in bench.batch(answer.batch_id).verdict["checks"] if c["name"] == "one_revision")  # type: ignore[index]
    assert (told["passed"], told["concerns"]) == (False, ["last week's", "test"])


def test_i43_each_regeneration_reads_fresh_features() -> None:
    """Nothing is remembered between batches: new features give new values and hashes, in a redrive as well.

    Prevented in: src/regen/services/batch/opening.py, src/regen/services/batch/orders.py
    Turns red when: the slate of a date is kept from one batch to the next.
    """
    bench = Bench([entry(n, form=15.0) for n in names(10)])
    bench.run()
    old = {row["player_lookup"]: row for row in current_rows(bench)}
    bench.slate([*(entry(n, form=16.0) for n in names(7)), *(entry(n, features=False) for n in names(10)[7:])])
    batch = bench.run("t2")
    assert batch.status is Status.REJECTED
    bench.slate([entry(n, form=17.0) for n in names(10)])
    orders.redrive(bench.deps, bench.order(batch))
    bench.drain()
    steady = {row["player_lookup"]: row for row in current_rows(bench) if row["system_id"] == "steady"}
    assert {steady[n]["predicted_points"] for n in names(7)} == {16.0}
    assert {steady[n]["predicted_points"] for n in names(10)[7:]} == {17.0}
    for name, row in steady.items():
        assert row["feature_version_hash"] != old[name]["feature_version_hash"]
        assert row["inputs_hash"] != old[name]["inputs_hash"]


def test_i44_features_of_another_version_fail_each_player() -> None:
    """A version that the systems were not made for fails each player by that name; the date stays as it was.

    Prevented in: src/regen/domain/predict.py, src/regen/systems/artefact.py
    Turns red when: the gate does not compare the versions.
    """
    bench = Bench(feature_versions=FeatureVersions(("v2",), ("upstream_v3",)))
    before = seeded(bench)
    batch = bench.run()
    view = batch_view.view_batch(bench.deps, batch.batch_id)
    assert batch.status is Status.REJECTED
    assert {(o.reason, o.error) for o in view.outcomes} == {
        ("feature_version_mismatch", "features are of version v1, the systems expect v2 or upstream_v3")
    }
    assert bench.warehouse.predictions(DAY) == before
    text = resources.files(regen.systems).joinpath("artefact.json").read_text()
    with pytest.raises(ArtefactRefused, match="is for features"):
        parse_artefact(json.dumps({**json.loads(text), "feature_version": "v0"}))


def test_i45_a_regeneration_waits_for_fresh_features() -> None:
    """While one feature row of a game is older than its late data, nothing is made again; each row says its source.

    Prevented in: src/regen/domain/bdb.py, src/regen/domain/result_rows.py
    Turns red when: `_arrived` does not look at `old_features`.
    """
    now = datetime(2026, 1, 22, 12, tzinfo=UTC)
    game = BdbGame(DAY, "g", "bdb_available", available_at=now - timedelta(hours=1), features=16, stale=16)
    assert decide(replace(game, old_features=1), now).act is BdbAct.WAIT
    assert decide(replace(game, old_features=16), now).act is BdbAct.WAIT
    assert decide(replace(game, features=0), now).act is BdbAct.WAIT
    assert decide(game, now).act is BdbAct.REGENERATE
    late = entry("late")
    assert late.inputs is not None
    force_setattr(late.inputs, "shot_zones_source", "bigdataball")
    bench = Bench([late, *players(3)])
    bench.run()
    sources = {
        row["player_lookup"]: (row["data_source_tier"], row.get("shot_zones_source")) for row in current_rows(bench)
    }
    assert sources == {"late": ("GOLD", "bigdataball"), **dict.fromkeys(names(3), ("GOLD", None))}


def test_i46_a_recommendation_agrees_with_its_points_and_line() -> None:
    """OVER stands above its line and UNDER below it, as stored; a row that says otherwise is found.

    Prevented in: src/regen/domain/recommendation.py, src/regen/domain/checks/produced.py
    Turns red when: the side is taken from the other side of the edge, or `agrees` takes any side for right.
    """
    said = set()
    for points in range(600):
        for line in (None, 4.5, 10.0, 17.5, 29.5):
            estimate = Estimate(points / 15, 5.0, 50.0, trust=Trust(1.0))
            judged = advise(estimate, line, market(-110, -110))
            row = Prediction("i", "s", "1", judged.predicted_points, 5.0, 50.0, judged.recommendation.value, line)
            assert agrees(row), row
            said.add(judged.recommendation.value)
    assert said == {"OVER", "UNDER", "PASS", "NO_LINE"}
    for recommendation, line in (("UNDER", 4.5), ("OVER", 44.5), ("OVER", None), ("NO_LINE", 20.5), ("BET", 20.5)):
        assert not agrees(Prediction("i", "s", "1", 20.0, 5.0, 50.0, recommendation, line))


def _told(bench: Bench, name: str = "t1") -> dict[str, Any]:
    batch = bench.run(name)
    assert batch.verdict is not None
    return {check["name"]: check for check in batch.verdict["checks"]}


def test_i47_missing_lines_and_a_biased_edge_are_reported() -> None:
    """The verdict has the share of rows with a live line and their mean signed edge; a missing line is none, never a default.

    Prevented in: src/regen/domain/checks/produced.py, src/regen/domain/predict.py
    Turns red when: the checks `lined_share` or `mean_edge` are not declared.
    """
    good = _told(Bench())
    assert (good["lined_share"]["passed"], good["lined_share"]["value"]) == (True, 100.0)
    assert good["mean_edge"]["passed"]
    lineless = Bench([entry(n, form=20.0, lines=()) for n in names(8)])
    assert (_told(lineless)["lined_share"]["passed"], lineless.current()) == (
        False,
        {(player, system, None) for player in names(8) for system in SYSTEMS},
    )
    biased = _told(Bench([entry(n, form=12.0, lines=(16.5,)) for n in names(8)]))
    assert (biased["mean_edge"]["passed"], biased["mean_edge"]["value"]) == (False, -3.75)


def test_i48_predictions_of_players_ruled_out_are_withdrawn() -> None:
    """OUT on the slate is excluded by that name, OUT found later is skipped by it, and neither keeps a current row.

    Prevented in: src/regen/domain/slate.py, src/regen/domain/predict.py, src/regen/sql/promote.sql
    Turns red when: `exclusion` or the gate lets `out` through.
    """
    bench = Bench([*players(4), entry("gone", status="OUT"), entry("late", injury="out")])
    rows = seeded(bench, 1)
    bench.warehouse.seed_predictions([
        {**row, "player_lookup": player, "prediction_id": f"{player}{n}"}
        for n, row in enumerate(rows) for player in ("gone", "late")
    ])  # fmt: skip
    answer = bench.regenerate()
    assert answer.requested_players == 5
    bench.drain()
    batch = bench.batch(answer.batch_id)
    assert (batch.status, batch.excluded_players, batch.counts.skipped, batch.counts.withdrawn) == (
        Status.PROMOTED,
        1,
        1,
        4,
    )
    assert {player for player, _, _ in bench.current()} == set(names(4))
    gone = [row for row in bench.warehouse.predictions(DAY) if row["player_lookup"] in {"gone", "late"}]
    assert {row["superseded_reason"] for row in gone} == {"out"}


GOOD = Prediction("i", "s", "1", 20.0, 5.0, 55.0, "OVER", 18.5, over_probability=0.6)


@pytest.mark.parametrize(
    "wrong",
    [{"confidence": 101.0}, {"confidence": -0.1}, {"points": -1.0}, {"points": 101.0}, {"sd": -1.0},
     {"over_probability": 1.2}, {"over_probability": 60.0}, {"points": float("nan")}],
    ids=str,
)  # fmt: skip
def test_i49_values_out_of_range_are_never_stored(wrong: dict[str, float]) -> None:
    """Confidence is 0 to 100, a probability 0 to 1: a batch with a row out of range is rejected, and no operator can accept it.

    Prevented in: src/regen/domain/checks/produced.py
    Turns red when: `sane` does not look at the confidence.
    """
    assert sane(GOOD)
    assert not sane(replace(GOOD, **wrong))  # type: ignore[arg-type]
    assert "in_range" in NEVER_ACCEPTED


class _Percent:
    """A system whose confidence is on another scale."""

    version, requires = "1", ()

    def __init__(self, system_id: str) -> None:
        self.system_id = system_id

    def estimate(self, inputs: PlayerInputs, others: Any) -> Estimate:
        return Estimate(20.0, 5.0, 5500.0)


def test_i49_a_system_on_another_scale_is_rejected() -> None:
    """A batch of which a system speaks on another scale ends rejected by `in_range`.

    Prevented in: src/regen/services/batch/verifying.py
    Turns red when: the check `in_range` only warns.
    """
    bench = Bench(
        [entry(n, lines=()) for n in names(4)], run_for=lambda wanted, version: tuple(_Percent(name) for name in wanted)
    )
    batch = bench.run()
    assert (batch.status, bench.current()) == (Status.REJECTED, set())
    assert (batch.verdict or {})["failed"] == ["in_range"]


def test_i50_a_wrong_setting_or_model_file_stops_the_start() -> None:
    """A start with a missing, misspelt or wrong setting fails by name; a model file that was changed is refused.

    Prevented in: src/regen/web/settings.py, src/regen/systems/artefact.py
    Turns red when: `parse_artefact` does not compare the hash, or unknown REGEN_ variables are overlooked.
    """
    with pytest.raises(SettingsInvalid) as caught:
        read_settings({"REGEN_DEADLINE": "5", "REGEN_MIN_MINUTES": "many"})
    for name in ("REGEN_DEADLINE: no such", "REGEN_MIN_MINUTES: expected", "REGEN_PROJECT: must be set"):
        assert name in str(caught.value)
    artefact = json.loads(load_artefact().to_json())
    name = next(iter(artefact["models"]))
    artefact["models"][name]["intercept"] += 0.001
    with pytest.raises(ArtefactRefused, match="does not match its content"):
        parse_artefact(json.dumps(artefact))
    with pytest.raises(ArtefactRefused, match="expected 0000"):
        load_artefact(expected_hash="0000")


def test_i51_the_same_inputs_give_the_same_numbers() -> None:
    """Every system is a function of what is known: asked again, in another order, they say the same; none draws lots.

    Prevented in: src/regen/systems/__init__.py
    Turns red when: a system adds random noise, or reads the clock.
    """
    made = season(days=20)
    last = made.logs[-1].game_date
    known = [sample.inputs for sample in samples(made) if sample.day == last][:15]
    assert len(known) == 15
    first = [estimate_all(systems(), inputs)[0] for inputs in known]
    turned = [
        replace(inputs, features=dict(sorted(inputs.features.items(), reverse=True)), lines=inputs.lines[::-1])
        for inputs in reversed(known)
    ]
    again = [estimate_all(systems(), inputs)[0] for inputs in turned]
    assert again[::-1] == first
    assert sum(map(len, first)) > 60
    folder = Path(regen.systems.__file__).parent
    drawn = [f.name for f in folder.glob("*.py") if re.search(r"\b(random|time\.|now\()", f.read_text())]
    assert drawn == []


def _row(**features: Any) -> dict[str, Any]:
    row = {
        "features": list(features.values()), "feature_names": list(features), "feature_version": "v1",
        "feature_quality_score": 80.0, "data_source_tier": "SILVER", "created_at": "2026-01-20T10:00:00Z",
    }  # fmt: skip
    context = {"game_id": "g", "team_abbr": "BOS", "opponent_team_abbr": "NYK", "player_status": "available"}
    return {
        "player_lookup": "p",
        "context": json.dumps(context),
        "features": json.dumps(row),
        "lines": None,
        "games": None,
    }


def test_i52_gates_refuse_unknown_values() -> None:
    """Unknown, NaN or poor features stop a player by name; what is known is counted, and no zero stands for the rest.

    Prevented in: src/regen/domain/predict.py, src/regen/adapters/bigquery/slate.py
    Turns red when: a null feature is read as 0.0, or the quality gate lets pass what it cannot judge.
    """
    (read,) = slate.reading(DAY, [_row(form=None, rest=2.0)]).entries
    assert read.inputs is None
    assert "form" in str(read.problem)
    run_for = Bench().deps.config.run_for(SYSTEMS, "v1")

    def outcome(**what: Any) -> Outcome:
        return predict_player(
            replace(inputs_of(), **what), run_for, SYSTEMS, Gate(FeatureVersions(("v1",)), 50.0), NAMING
        )

    assert (outcome(feature_quality=49.9).kind, outcome(feature_quality=49.9).reason) == (
        OutcomeKind.SKIPPED,
        "low_quality",
    )
    assert outcome(feature_quality=float("nan")).reason == "invalid_features"
    assert outcome(features={"form": float("nan")}).reason == "invalid_features"
    assert outcome(features={"form": None, "broken": 0.0}).reason == "no_form"
    known = outcome(features={"form": 20.0, "broken": 0.0, "rest": None})
    assert known.provenance is not None
    assert (known.kind, known.provenance.feature_count) == (OutcomeKind.PRODUCED, 2)
    learned = systems(["learned_v1"])[0]
    with pytest.raises(InsufficientData):
        learned.estimate(inputs_of(), {})
    assert MemoryWarehouse().read_slate(DAY).entries == ()
