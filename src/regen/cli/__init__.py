"""The `regen` command: a file per group of commands."""

from __future__ import annotations

from collections.abc import Callable

import typer


def groups() -> tuple[Callable[[typer.Typer], None], ...]:
    """What adds each group of commands, in the order of the help."""
    from regen.cli import (  # noqa: PLC0415
        alerts,
        backfill,
        batches,
        bdb,
        completion,
        console,
        data,
        doctor,
        explain,
        explain_row,
        grade,
        halts,
        local,
        models,
        moves,
        news,
        orders,
        predictions,
        published,
        quality,
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
        published,
        moves,
        explain_row,
        verify,
        alerts,
        grade,
        quality,
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
        explain,
        completion,
    )
    return tuple(module.add for module in modules)
