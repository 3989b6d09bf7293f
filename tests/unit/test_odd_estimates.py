"""What one system makes of one player is the outcome of that player and that system, whatever it is."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from regen.domain.errors import InsufficientData
from regen.domain.estimate import MOST_FACTORS, Estimate, Trust
from regen.domain.inputs import PlayerInputs
from regen.domain.outcome import Outcome, OutcomeKind
from regen.services.batch import processing
from regen.services.state.packing import pack_outcomes, unpack_outcomes
from regen.services.state.paths import batch_path
from support.bench import Bench
from support.league import DAY, Flat, entry, players

Give = Callable[[], Any]
OTHERS = 20


def sound(**values: Any) -> Any:
    known: dict[str, Any] = {"points": 20.0, "sd": 5.0, "confidence": 50.0, "trust": Trust(1.0), **values}
    return Estimate(**known)


def thrown(error: BaseException) -> Give:
    def give() -> Any:
        raise error

    return give


class Odd(Flat):
    """A system that gives something odd for one player."""

    give: Give

    def estimate(self, inputs: PlayerInputs, others: Mapping[str, Estimate]) -> Estimate:
        if inputs.player_lookup == "odd":
            found: Estimate = self.give()
            return found
        return super().estimate(inputs, others)


class Mute(Exception):
    """An error that cannot say what it is."""

    def __str__(self) -> str:
        raise ValueError("no text")


def outcomes(give: Give, *, only: bool = False, lines: tuple[float, ...] = (19.5,)) -> dict[str, Outcome]:
    """The outcomes of a promoted batch, of whose two systems one gives something odd for one of the players."""
    made = Odd("steady", 0.0)
    object.__setattr__(made, "give", give)
    run = {"steady": made, "bold": Flat("bold", 1.5)}
    names = ("steady",) if only else ("steady", "bold")
    bench = Bench(
        [*players(OTHERS), entry("odd", lines=lines)],
        systems=names,
        run_for=lambda wanted, _: tuple(run[name] for name in wanted),
    )
    batch = bench.run()
    assert batch.status == "promoted", batch.error
    stored = {row["player_lookup"] for row in bench.warehouse.predictions(DAY)}
    assert len(stored - {"odd"}) == OTHERS
    found = of_batch(bench, batch.batch_id)
    assert {o.kind for name, o in found.items() if name != "odd"} == {OutcomeKind.PRODUCED}
    return found


def of_batch(bench: Bench, batch_id: str) -> dict[str, Outcome]:
    """The outcomes as the requests' documents hold them, by player."""
    requests = bench.store.find(f"{batch_path(batch_id)}/requests")
    return {o.player_lookup: o for one in requests for o in unpack_outcomes(one.data["outcomes"])}


BEYOND: dict[str, Give] = {
    "points beyond floats": lambda: sound(points=10**400),
    "no points": lambda: sound(points=None),
    "points as text": lambda: sound(points="20"),
    "complex points": lambda: sound(points=complex(1, 2)),
    "trust above": lambda: sound(trust=Trust(1e9)),
    "trust below": lambda: sound(trust=Trust(-1.0)),
    "trust without number": lambda: sound(trust=Trust(math.nan)),
    "trust without end": lambda: sound(trust=Trust(1.0, math.inf)),
    "no trust": lambda: sound(trust=None),
}
NOT_FINITE: dict[str, Give] = {
    "points": lambda: sound(points=math.nan),
    "spread": lambda: sound(sd=math.inf),
    "confidence": lambda: sound(confidence=-math.inf),
}
NO_PARTS: dict[str, Give] = {
    "a factor as text": lambda: sound(factors={"x": "a"}),
    "no factors": lambda: sound(factors=None),
    "factors as a list": lambda: sound(factors=[1.0]),
    "a number as name": lambda: sound(factors={7: 1.0}),
    "no name": lambda: sound(factors={None: 1.0}),
    "a factor without number": lambda: sound(factors={"x": math.nan}),
    "a factor beyond floats": lambda: sound(factors={"x": 10**400}),
    "no factor": lambda: sound(factors={"x": None}),
    "too many factors": lambda: sound(factors={f"a{n}": 1.0 for n in range(MOST_FACTORS + 1)}),
    "a number as warning": lambda: sound(warnings=(7,)),
    "no warning": lambda: sound(warnings=(None,)),
    "a list as warning": lambda: sound(warnings=(["a"],)),
    "no warnings": lambda: sound(warnings=None),
    "a text as warnings": lambda: sound(warnings="abc"),
    "no estimate": lambda: None,
    "a number": lambda: 20.0,
    "an error without text": thrown(Mute()),
    "an error with odd text": thrown(ValueError("a\x00\ud800")),
}
_NO_REASONS: tuple[Any, ...] = ("", "a\x00", "x" * 500, None, 7, ["a"], {})
ODD_REASONS: dict[str, Give] = {
    f"reason {n}": thrown(InsufficientData(reason, "x")) for n, reason in enumerate(_NO_REASONS)
}


@pytest.mark.parametrize(
    ("give", "reason"),
    [
        *(pytest.param(give, None, id=name) for name, give in BEYOND.items()),
        *(pytest.param(give, "not_finite", id=name) for name, give in NOT_FINITE.items()),
    ],
)
@pytest.mark.parametrize("only", [False, True])
def test_an_estimate_without_numbers_is_one_systems(give: Give, reason: str | None, *, only: bool) -> None:
    odd = outcomes(give, only=only)["odd"]
    (problem,) = odd.system_problems.values()
    assert problem == reason or ("expected" in problem and reason is None)
    assert {p.system_id for p in odd.predictions} == (set() if only else {"bold"})
    assert (odd.reason, odd.error) == (("system_error", problem) if only else (None, None))


@pytest.mark.parametrize("give", [*NO_PARTS.values(), *ODD_REASONS.values()], ids=[*NO_PARTS, *ODD_REASONS])
def test_an_estimate_of_odd_parts_is_one_systems(give: Give) -> None:
    odd = outcomes(give)["odd"]
    assert {p.system_id for p in odd.predictions} == {"bold"}
    (problem,) = odd.system_problems.values()
    assert problem
    assert problem.isprintable()


@pytest.mark.parametrize(
    "give",
    [
        lambda: sound(points=20, sd=5, confidence=50, factors={"x": 1}),
        lambda: sound(points=0.0),
        lambda: sound(points=100.0),
        lambda: sound(factors={"a": 1e308, "x" * 5000: 10**30}),
        lambda: sound(warnings=("x" * 2_000_000,)),
        lambda: sound(warnings=["a"] * 100_000),
    ],
)
def test_an_estimate_of_unusual_form_is_stored(give: Give) -> None:
    odd = outcomes(give)["odd"]
    assert (odd.kind, odd.system_problems) == (OutcomeKind.PRODUCED, {})
    assert {p.system_id for p in odd.predictions} == {"steady", "bold"}
    texts = [text for p in odd.predictions for text in (*p.warnings, *p.factors)]
    assert all(text.isprintable() and len(text) <= 1000 for text in texts)
    assert len(pack_outcomes([odd])) < processing.MAX_OUTCOME_BYTES / 20


def test_the_largest_outcome_makes_room_for_its_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    """One player's warnings do not compress; the others have as many predictions, and keep them."""
    rng = random.Random(7)  # noqa: S311 - a test
    noise = tuple(rng.randbytes(450).hex() for _ in range(20))
    monkeypatch.setattr(processing, "MAX_OUTCOME_BYTES", 9_000)
    odd = outcomes(lambda: sound(warnings=noise))["odd"]
    assert (odd.kind, odd.reason) == (OutcomeKind.FAILED, "too_large")
