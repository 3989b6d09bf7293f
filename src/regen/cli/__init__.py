"""The `regen` command: a file per group of commands."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import typer

MODULES = (
    "batches",
    "backfill",
    "orders",
    "withdraw",
    "halts",
    "predictions",
    "published",
    "moves",
    "explain_row",
    "verify",
    "alerts",
    "grade",
    "quality",
    "report",
    "records",
    "data",
    "sources",
    "bdb",
    "news",
    "models",
    "systems",
    "local",
    "console",
    "doctor",
    "explain",
    "completion",
)
"""The files of the commands, in the order of the help."""


def groups() -> tuple[Callable[[typer.Typer], None], ...]:
    """What adds each group of commands."""
    return tuple(adder(module) for module in MODULES)


def adder(module: str) -> Callable[[typer.Typer], None]:
    """What adds the commands of one file."""
    add: Callable[[typer.Typer], None] = import_module(f"{__name__}.{module}").add
    return add
