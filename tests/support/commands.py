"""The command line in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from typer import testing

from regen.cli.main import make_app

# Typer makes its commands of annotations at each call, a tenth of a second: once is enough.
made: Any = cache(testing._get_command)  # type: ignore[attr-defined]
testing._get_command = made  # type: ignore[attr-defined]
APP = make_app()


def run_command(words: Sequence[str], env: Mapping[str, str | None], stdin: str | None = None) -> testing.Result:
    """Run a command to its end."""
    return testing.CliRunner().invoke(APP, list(words), env=env, input=stdin)
