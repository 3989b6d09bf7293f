"""The `regen` command: a file per group of commands."""

from __future__ import annotations

from collections.abc import Callable

import typer


def groups() -> tuple[Callable[[typer.Typer], None], ...]:
    """What adds each group of commands, in the order of the help."""
    from regen.cli import (  # noqa: PLC0415
        backfill,
        batches,
        bdb,
        console,
        data,
        doctor,
        grade,
        halts,
        local,
        models,
        news,
        orders,
        predictions,
        records,
        report,
        sources,
        verify,
        withdraw,
    )

    modules = (
        batches,
        backfill,
        orders,
        withdraw,
        halts,
        predictions,
        verify,
        grade,
        report,
        records,
        data,
        sources,
        bdb,
        news,
        models,
        local,
        console,
        doctor,
    )
    return tuple(module.add for module in modules)
