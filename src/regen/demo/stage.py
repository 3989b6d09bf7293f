"""The environment of the demo: the running stack, and the ways to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime

from msgspec import Struct

from regen.api.batches import WholeBatch
from regen.client.coordinator import Coordinator
from regen.client.errors import OperatorError
from regen.client.reader import Reader
from regen.client.waiting import Look, wait_for
from regen.data.importer import Loader

TIMEOUT = 300.0


class FirstRunFailed(OperatorError):
    """The first predictions were not promoted, so there is nothing to regenerate."""


class Stage(Struct, frozen=True):
    """The environment of the demo.

    Attributes:
        check: raises if a part of the stack has died.
        say: prints a line for the operator.
        watch: shows the progress of batches.
        now: the stack's clock.
    """

    coordinator: Coordinator
    reader: Reader
    loader: Loader
    check: Callable[[], None]
    say: Callable[[str], None]
    watch: Callable[[], AbstractContextManager[Look]]
    now: Callable[[], datetime]


def batches(stage: Stage, path: str, bodies: Sequence[Mapping[str, object]]) -> list[WholeBatch]:
    """Open batches at once, and wait for their ends."""
    with ThreadPoolExecutor(len(bodies)) as pool:
        answers = list(pool.map(lambda body: stage.coordinator.start(path, body).value, bodies))
    with stage.watch() as look:
        ids = [answer.batch_id for answer in answers]
        found = wait_for(stage.coordinator, ids, timeout=TIMEOUT, look=look, every=0.4, abort=stage.check)
    return [one.value for one in found]


def first(stage: Stage, path: str, bodies: Sequence[Mapping[str, object]]) -> list[WholeBatch]:
    """Open the first batches of dates, and wait until they are promoted.

    Raises:
        FirstRunFailed: one of them was not.
    """
    views = batches(stage, path, bodies)
    if bad := [view for view in views if view.status != "promoted"]:
        raise FirstRunFailed("; ".join(f"{v.batch_id} is {v.status}: {v.error}" for v in bad))
    return views
