"""Whatever one player's inputs hold is his outcome: every field with odd values, beside players of whom nothing is wrong."""

import json
import random
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from regen.adapters.bigquery.slate import reading as read_rows
from regen.api import packed_inputs
from regen.domain.batch import Status, Thresholds
from regen.domain.feature_versions import FeatureVersions
from regen.domain.inputs import Line, PlayerInputs, RecentGame
from regen.domain.outcome import OutcomeKind
from regen.domain.predict import Gate, Naming, predict_player
from regen.domain.slate_reading import SlateEntry, SlateReading
from regen.domain.values import replace
from regen.services.batch import processing
from regen.services.state import documents, packing, paths
from regen.services.state.deps import REQUEST_TOPIC
from regen.services.views import batch_view
from regen.settings import limits
from support.bench import Bench
from support.league import DAY, config, entry, players

GOOD = 34
PLAIN = {"no_history", "no_form", "low_quality", "out", "system_error"}
"""Reasons that say which input it was."""
ANY: Thresholds = {**limits(), "coverage_pct": 1.0, "mean_shift": 8.0, "game_coverage_pct": 0.0}
FAR = timezone(timedelta(hours=14))
MOMENTS: list[Any] = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1, 1, 1),  # noqa: DTZ001 - odd on purpose
    datetime(1, 1, 1, tzinfo=FAR),
    datetime(9999, 12, 31, 23, 59, tzinfo=timezone(-timedelta(hours=14))),
    datetime(9999, 12, 31, tzinfo=UTC),
    datetime(2026, 1, 21, 0, 30),  # noqa: DTZ001 - odd on purpose
    "0001-01-01T00:00:00",
    "soon",
]
TEXTS: list[Any] = ["", "\x00", "a\ud800", "x" * 1_000_000, "two\nlines", 7, None, ["a"], b"\xff", float("nan")]
NUMBERS: list[Any] = [
    float("nan"),
    float("inf"),
    -float("inf"),
    1e308,
    -1.0,
    10**400,
    2**63,
    "12",
    None,
    True,
    [1.0],
    5e-324,
]
WRONG: list[Any] = ["x", 7, None, {"a": 1}, [None], object()]


def _nested() -> Any:
    value: Any = []
    for _ in range(5_000):
        value = [value]
    return value


def _games(**odd: Any) -> tuple[RecentGame, ...]:
    game = RecentGame(DAY - timedelta(days=2), "001", "BOS", "NYK", home=True, minutes=30.0, points=20)
    return (game, replace(game, **odd))


LINE = Line(19.5, "draftkings")
BY_TYPE: dict[str, list[Any]] = {
    **dict.fromkeys(["player_lookup", "game_id", "team", "opponent", "feature_version", "feature_hash"], TEXTS),
    **{
        name: [*TEXTS, "PLATINUM"]
        for name in ("injury_status", "shot_zones_source", "shot_zones_hash", "data_source_tier")
    },
    **dict.fromkeys(["game_start", "features_built_at", "context_built_at"], MOMENTS),
    "game_date": [date(1, 1, 1), date(9999, 12, 31), "2026-01-20", None, datetime(2026, 1, 20, tzinfo=UTC)],
    "home": ["yes", 1],
    "features": [*({"form": n} for n in NUMBERS), {"x" * 10_000: 1.0}, {7: 1.0}, {}, {"form": _nested()}, *WRONG],
    "feature_quality": NUMBERS,
    "recent_games": [
        *(_games(**{name: n}) for name in ("minutes", "points", "rebounds", "days_rest") for n in NUMBERS),
        *(_games(opponent_def_rating=n) for n in NUMBERS),
        *(_games(game_date=d) for d in (date(1, 1, 1), DAY, date(9999, 12, 31), None, "2026-01-01")),
        *(_games(**{name: t}) for name in ("game_id", "team", "opponent", "home") for t in TEXTS),
        _games() * 5_000,
        *WRONG,
    ],
    "lines": [
        *((replace(LINE, value=n),) for n in NUMBERS),
        *((replace(LINE, bookmaker=t),) for t in TEXTS),
        *((replace(LINE, over_price=n),) for n in NUMBERS),
        *((replace(LINE, captured_at=m), replace(LINE, value=20.5, captured_at=MOMENTS[0])) for m in MOMENTS),
        tuple(Line(n / 2, f"book{n}") for n in range(10_000)),
        tuple(Line(float("nan"), f"book{n}") for n in range(900)),
        *WRONG,
    ],
    "warnings": [("x" * 1_000_000,), ("a\x00",), (7,), ("w",) * 10_000, *WRONG],
}


def _odd_inputs() -> list[tuple[str, str, PlayerInputs]]:
    """The field, the player and his inputs; each is sound but for one field."""
    found: list[tuple[str, str, PlayerInputs]] = []
    for name, odd in BY_TYPE.items():
        for number, value in enumerate(odd):
            player = f"odd{name.replace('_', '')}{number}"
            known = entry(player).inputs
            assert known is not None
            found.append((name, player, replace(known, **{name: value})))
    return found


def test_every_field_of_the_inputs_is_tried() -> None:
    assert set(BY_TYPE) == set(PlayerInputs.__struct_fields__)


def test_odd_inputs_affect_their_own_player_only() -> None:
    """One slate with every odd value of every field: all others are predicted, and each odd one's error names the field."""
    odd = _odd_inputs()
    slate = [*players(GOOD), *(replace(entry(player), inputs=inputs) for _, player, inputs in odd)]
    bench = Bench([], thresholds=ANY, players_per_request=35)
    bench.warehouse.seed_slate(SlateReading(DAY, slate, "snapshot", None))
    batch = bench.run()
    assert batch.status is Status.PROMOTED, batch.error
    view = batch_view.view_batch(bench.deps, batch.batch_id)
    assert {e.player_lookup for e in players(GOOD)} <= set(bench.makers())
    assert batch.counts.requested == len(slate)
    problems = {o.player_lookup: o for o in view.outcomes}
    for name, player, _ in odd:
        if player in problems:
            assert problems[player].outcome in {"failed", "skipped"}
            told = f"{problems[player].reason} {problems[player].error}"
            assert name in told or problems[player].reason in PLAIN, told
    assert len(problems) > len(odd) / 2


def test_worker_gives_odd_inputs_an_outcome() -> None:
    """Requests that an earlier release has written hold whatever the slate held: the worker looks for itself."""
    systems = config().run_for(["steady"], "v1")
    for name, player, inputs in _odd_inputs():
        outcome = predict_player(inputs, systems, {"steady"}, Gate(FeatureVersions(("v1",)), 50.0), Naming("b", 1))
        assert outcome.kind in set(OutcomeKind), (name, player)
        packing.pack_outcomes([replace(outcome, player_lookup=player)])


def test_unreadable_player_does_not_fail_the_request() -> None:
    bench = Bench(players(4))
    answer = bench.regenerate()
    (message,) = bench.queue.of(REQUEST_TOPIC)
    path = paths.request_path(answer.batch_id, message["request_id"])
    snapshot = bench.store.get(path)
    assert snapshot is not None
    request = documents.decode_request(snapshot)
    known = [i for i in packed_inputs.unpack_inputs(request.inputs) if isinstance(i, PlayerInputs)]
    broken = packed_inputs.pack_inputs([replace(known[0], home="perhaps"), *known[1:]])  # type: ignore[arg-type]
    outcomes = processing.predict_request(bench.deps, bench.batch(answer.batch_id), replace(request, inputs=broken))
    assert [o.kind for o in outcomes].count(OutcomeKind.PRODUCED) == 3
    (failed,) = [o for o in outcomes if o.kind is OutcomeKind.FAILED]
    assert (failed.reason, "home" in str(failed.error)) == ("invalid_inputs", True)


def _row(player: str, **parts: Any) -> dict[str, Any]:
    """A row of `read_slate`; `parts` are named `context`, `features`, `lines`, `games`, each a change or a text."""
    context = {
        "player_name": "Ann", "game_id": "0022500601", "team_abbr": "BOS", "opponent_team_abbr": "NYK", "home_game": True,
        "game_start": "2026-01-21T00:30:00Z", "has_prop_line": True, "current_points_line": None,
        "current_points_line_source": None, "avg_minutes_per_game_last_7": 30.0, "player_status": "available",
    }  # fmt: skip
    features = {
        "features": [20.0, 0.0], "feature_names": ["form", "broken"], "feature_version": "v1",
        "feature_quality_score": 90.0, "data_source_tier": "GOLD", "data_hash": "h", "created_at": "2026-01-20T10:00:00Z",
    }  # fmt: skip
    line = {"value": 19.5, "bookmaker": "draftkings", "over_price": -110, "under_price": -110, "captured_at": None}
    game = {
        "game_date": "2026-01-18", "game_id": "1", "team": "BOS", "opponent": "NYK", "home": True, "minutes": 30.0,
        "points": 20, "fga": 9, "fg3a": 1, "fta": 1, "rebounds": 4, "assists": 2, "days_rest": 1, "opponent_def_rating": 110.0,
    }  # fmt: skip

    def made(name: str, base: dict[str, Any]) -> Any:
        change = parts.get(name, {})
        return {**base, **change} if isinstance(change, dict) else change

    texts = {name: made(name, base) for name, base in (("context", context), ("features", features))}
    lists = {name: made(name, base) for name, base in (("lines", line), ("games", game))}
    return {
        "player_lookup": player,
        **{k: v if v is None or isinstance(v, str) else json.dumps(v) for k, v in texts.items()},
        **{k: v if v is None or isinstance(v, str) else json.dumps([v]) for k, v in lists.items()},
    }


JSONS = ["", "{", "[]", "null", "7", '"x"', "[" * 100_000, "{}", '{"a": NaN}']
VALUES: list[Any] = [
    None, "", "\x00", "x" * 100_000, "NaN", "Infinity", float("nan"), 1e308, -1, -5.5, 10**400, 2**64, True, [], {}, [[1]],
    "0001-01-01T00:00:00", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-08:00", "not a date", "2026-13-45",
]  # fmt: skip
COLUMNS = {
    "context": ["game_id", "team_abbr", "opponent_team_abbr", "home_game", "game_start", "has_prop_line",
                "avg_minutes_per_game_last_7", "player_status"],
    "features": ["features", "feature_names", "feature_version", "feature_quality_score", "data_source_tier",
                 "shot_zones_source", "data_hash", "created_at"],
    "lines": ["value", "bookmaker", "over_price", "under_price", "captured_at", "is_fallback", "source", "rank"],
    "games": ["game_date", "game_id", "team", "opponent", "home", "minutes", "points", "fga", "rebounds", "days_rest",
              "opponent_def_rating"],
}  # fmt: skip


@pytest.mark.parametrize("odd", [{"game_id": "12"}, {"game_id": 7}, {"team": "XYZ"}, {"team": None}, {"team": ["a"]}])
def test_one_odd_game_or_team_rejects_no_batch(odd: dict[str, Any]) -> None:
    bench = Bench([*players(GOOD), replace(entry("odd"), **odd)])
    assert bench.run().status is Status.PROMOTED


def test_odd_rows_affect_their_own_player_only() -> None:
    teams = [{"team_abbr": "BOS"}, {"team_abbr": "NYK", "opponent_team_abbr": "BOS"}]
    rows = [_row(f"good{chr(97 + n // 26)}{chr(97 + n % 26)}", context=teams[n % 2]) for n in range(GOOD)]
    good = [row["player_lookup"] for row in rows]
    odd: dict[str, str] = {}
    for part, columns in COLUMNS.items():
        for column in columns:
            for number, value in enumerate(VALUES):
                odd[f"{part}{column}{number}".replace("_", "")] = column
                rows.append(_row(f"{part}{column}{number}".replace("_", ""), **{part: {column: value}}))
        for number, text in enumerate(JSONS):
            rows.append(_row(f"{part}{number}", **{part: text}))
    rows.append(_row(""))
    rows.append(_row("x" * 1_000_000))
    entries: list[SlateEntry] = list(read_rows(DAY, rows).entries)
    bench = Bench(entries, thresholds=ANY, players_per_request=35)
    batch = bench.run()
    assert batch.status is Status.PROMOTED, batch.error
    assert set(good) <= set(bench.makers())
    problems = {o.player_lookup: o for o in batch_view.view_batch(bench.deps, batch.batch_id).outcomes}
    year_one = problems[f"contextgamestart{VALUES.index('0001-01-01T00:00:00')}"]
    assert (year_one.outcome, "game_start" in str(year_one.error)) == ("failed", True)
    assert problems[f"unnamed_{len(rows) - 2}"].outcome == "failed"
    for player, problem in problems.items():
        if problem.reason in {"invalid_inputs", "invalid_features"} and player in odd:
            assert any(
                word in str(problem.error)
                for word in (odd[player], "player_", "prop_lines_input", "feature_", "recent_games")
            ), problem


@pytest.mark.parametrize("number", [900, 10_000])
def test_a_player_with_thousands_of_lines_harms_no_other(number: int) -> None:
    lines = tuple(n / 2 for n in range(1, number + 1))
    bench = Bench([*players(34), entry("many", lines=lines)], players_per_request=35)
    batch = bench.run()
    assert (batch.status, (batch.counts.produced or 0) >= 34) == (Status.PROMOTED, True)


def test_inputs_firestore_cannot_store_fail_their_player_only() -> None:
    noise = random.Random(1)  # noqa: S311 - not a secret: numbers that do not compress
    features = {f"{noise.random()}{n}" * 8: noise.random() for n in range(1_900)}
    large = entry("large")
    assert large.inputs is not None
    slate = [*players(34), replace(large, inputs=replace(large.inputs, features=features))]
    bench = Bench(slate, players_per_request=35)
    batch = bench.run()
    assert (batch.status, batch.counts.produced) == (Status.PROMOTED, 34 + (batch.counts.failed == 0))
