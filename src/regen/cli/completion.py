"""`completion`: the script that has a shell complete `regen`'s words."""

from __future__ import annotations

import importlib
from typing import Annotated, Literal

import typer

from regen.cli.session import Session, command

VARIABLE = "_REGEN_COMPLETE"


Shell = Literal["bash", "zsh", "fish"]


def add(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app, "completion", example="completion bash > ~/.local/share/bash-completion/completions/regen", panel="Help"
    )(completion)


def completion(session: Session, shell: Annotated[Shell, typer.Argument(help="The shell that you type in.")]) -> None:
    """Print the script that completes commands, options, dates, batches, checks, systems and states.

    bash and zsh: `eval "$(regen completion bash)"`; fish: `regen completion fish | source`.
    """
    scripts = importlib.import_module("typer.completion")
    session.out.block(scripts.get_completion_script(prog_name="regen", complete_var=VARIABLE, shell=shell))
