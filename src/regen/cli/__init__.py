"""The `regen` command: a file per group of commands."""

from __future__ import annotations

from collections.abc import Callable

import typer


def groups() -> tuple[Callable[[typer.Typer], None], ...]:
    """What adds each group of commands, in the order of the help."""
    from regen.cli import batches, data, doctor, local, models, orders, predictions, records  # noqa: PLC0415

    modules = (batches, orders, predictions, records, data, models, local, doctor)
    return tuple(module.add for module in modules)
