"""Orders that choose challengers: how many, what may be one, and what goes on record."""

from __future__ import annotations

import pytest

from regen.api.models import WouldChallenge
from regen.domain.errors import InvalidInput, Refused
from regen.domain.values import replace
from support.bench import Bench
from support.challengers import FOUR, THREE, challenge, ended, made, standing
from unit.test_models_in_use import ONE, PACKAGED, TWO, use


@pytest.fixture
def bench() -> Bench:
    return made()


def test_there_are_at_most_as_many_as_the_setting_says(bench: Bench) -> None:
    for artefact in (ONE, TWO, THREE):
        challenge(bench, artefact.hash)
    with pytest.raises(Refused, match="at most 3 challengers"):
        challenge(bench, FOUR.hash)
    challenge(bench, TWO.hash, ends=True)
    challenge(bench, FOUR.hash)
    assert standing(bench) == [ONE.hash, THREE.hash, FOUR.hash]
    bench.deps = replace(bench.deps, config=replace(bench.deps.config, max_challengers=1))
    assert ended(bench).challengers == (ONE.hash,)


def test_what_is_in_use_does_not_challenge(bench: Bench) -> None:
    for name, says in ((PACKAGED, "is in use"), ("learned_v1", "every batch runs")):
        with pytest.raises(Refused, match=says):
            challenge(bench, name)
    challenge(bench, ONE.hash)
    use(bench, ONE.hash, PACKAGED)
    assert ended(bench).challengers == ()
    use(bench, None, ONE.hash)
    assert ended(bench).challengers == (ONE.hash,)


@pytest.mark.parametrize("name", ["no_such_system", "0123456789abcdef"])
def test_what_nobody_has_does_not_challenge(bench: Bench, name: str) -> None:
    with pytest.raises(InvalidInput, match=name):
        challenge(bench, name)


def test_orders_are_audited_once_and_a_dry_run_changes_nothing(bench: Bench) -> None:
    would = challenge(bench, ONE.hash, dry_run=True)
    assert isinstance(would, WouldChallenge)
    assert (would.would, would.challengers, standing(bench)) == ("challenge", [ONE.hash], [])
    challenge(bench, ONE.hash)
    challenge(bench, ONE.hash)
    challenge(bench, ONE.hash, ends=True)
    with pytest.raises(Refused, match="no challenger; nothing is"):
        challenge(bench, ONE.hash, ends=True)
    bench.sweep()
    bench.sweep()
    found = [row.entry for row in bench.warehouse.audit() if row.entry.event.value == "model_challenged"]
    assert [(e.reason, e.metadata["challenger"], e.metadata["challengers"]) for e in found] == [
        ("challenge", ONE.hash, ONE.hash),
        ("end", ONE.hash, ""),
    ]


def test_a_use_keeps_the_challengers(bench: Bench) -> None:
    challenge(bench, TWO.hash)
    use(bench, ONE.hash, PACKAGED)
    assert standing(bench) == [TWO.hash]
