"""The records that every opening reads: one that cannot be read is named by each sweep, for nothing else may be told of it."""

from __future__ import annotations

from collections.abc import Callable

from regen.domain.errors import Unreadable
from regen.services.state.decoding import readable
from regen.services.state.deps import Deps
from regen.services.state.halts import decode_halt
from regen.services.state.models import decode_in_use
from regen.services.state.paths import halt_path, models_path

DECODE: dict[str, Callable[..., object]] = {halt_path(): decode_halt, models_path(): decode_in_use}


def check_controls(deps: Deps, unreadable: Callable[[Unreadable], object]) -> None:
    """Read them; `unreadable` gets the error of each that this version cannot read."""
    for path, decode in DECODE.items():
        if (snapshot := deps.store.get(path)) is not None:
            list(readable([snapshot], decode, unreadable))
