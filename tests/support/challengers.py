"""A bench with published artefacts and a system that is not run, so that something can challenge; and what came of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from regen.adapters.memory.archive import MemoryArchive
from regen.api.models import ModelsInUse, WouldChallenge
from regen.domain.batch import Batch
from regen.domain.values import replace
from regen.services.batch import challenge_orders
from regen.services.batch.challenge_orders import ChallengeOrder
from regen.services.state.models import read_in_use
from regen.systems import by_version, shipped_texts, system_ids
from support.bench import Bench
from support.league import DAY
from support.played import able
from unit.test_models_in_use import NAMES, ONE, TWO, put

THREE, FOUR = (replace(ONE, games=n).sealed() for n in (3, 4))
SYSTEM = "line_blend_v1"
RUN = tuple(name for name in system_ids() if name != SYSTEM)


def made(**more: Any) -> Bench:
    own = {"run_for": by_version(RUN), "artefacts": shipped_texts, "players_per_request": 2, **more}
    bench = Bench([able(n, 15.0 + i) for i, n in enumerate(NAMES)], systems=RUN, **own)
    bench.deps = replace(bench.deps, models=MemoryArchive())
    for artefact in (ONE, TWO, THREE, FOUR):
        put(bench, artefact)
    return bench


def challenge(bench: Bench, name: str, *, ends: bool = False, dry_run: bool = False) -> ModelsInUse | WouldChallenge:
    given = ChallengeOrder(name, ends, caller="api_key:ops", reason="to watch it", dry_run=dry_run)
    return challenge_orders.order(bench.deps, given)


def standing(bench: Bench) -> list[str]:
    return [challenger.name for challenger in read_in_use(bench.deps)[0].challengers]


def ended(bench: Bench) -> Batch:
    return bench.run(f"t{len(bench.queue.published)}")


def rows(bench: Bench) -> Counter[tuple[str, str]]:
    """The number of challengers' rows, by batch and challenger."""
    return Counter((str(r["batch_id"]), str(r["challenger"])) for r in bench.warehouse.challengers(DAY))


def plain(bench: Bench) -> list[dict[str, Any]]:
    """The predictions, without what differs from one batch to the next."""
    left_out = {"prediction_id", "batch_id", "created_at"}
    return [{k: v for k, v in row.items() if k not in left_out} for row in bench.warehouse.predictions(DAY)]
