"""The records that every opening reads: each sweep names one that cannot be read, for no other report may mention it."""

from __future__ import annotations

from collections.abc import Callable

from regen.domain.errors import Unreadable
from regen.services.state.deps import Deps
from regen.services.state.halts import decode_halt
from regen.services.state.models import decode_in_use
from regen.services.state.paths import halt_path, models_path

DECODE: dict[str, Callable[..., object]] = {halt_path(): decode_halt, models_path(): decode_in_use}


def check_controls(deps: Deps, unreadable: Callable[[Unreadable], object]) -> None:
    """Read them; `unreadable` gets the error of each that this version cannot read."""
    for path, decode in DECODE.items():
        try:
            if (snapshot := deps.store.get(path)) is not None:
                decode(snapshot)
        except Unreadable as error:
            unreadable(error)
