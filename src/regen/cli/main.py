"""The `regen` command."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from regen import cli
from regen.cli.ending import unexpected
from regen.cli.lazy import LazyRoot
from regen.cli.output import Output
from regen.cli.root import Root
from regen.cli.session import Confirm, Json, Key, Profile, Project, Session, Url, Verbose
from regen.cli.settings import Given
from regen.client.errors import EXIT_CODES
from regen.domain.values import Secret

EPILOG = (
    f"Exit codes: {EXIT_CODES}. `regen help X` is `regen X --help`. Start here: `regen local up`, then `regen doctor`."
)


def make_app() -> typer.Typer:
    """All commands; their modules are light, what is heavy they import when they run."""
    app = bare_app(Root)
    for add in cli.groups():
        add(app)
    return app


def bare_app(group: type[Root]) -> typer.Typer:
    """The root alone, of this class."""
    app = typer.Typer(
        name="regen",
        cls=group,
        help="Regenerates player-prop predictions when better data arrives, without ever losing one.",
        epilog=EPILOG,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(root)
    return app


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415

        sys.stdout.write(f"regen {version('regen')}\n")
        raise typer.Exit


def root(
    ctx: typer.Context,
    project: Project = None,
    url: Url = None,
    key: Key = None,
    profile: Profile = None,
    confirm: Confirm = None,
    as_json: Json = False,
    verbose: Verbose = False,
    version: Annotated[  # noqa: ARG001 - its callback does it
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say it and leave.")
    ] = False,
) -> None:
    """Options that every command takes, before its name or after it."""
    ctx.obj = Session(
        Given(project, url, Secret(key) if key else None, profile, confirm), Output(json=as_json, verbose=verbose)
    )


def main() -> None:
    """Run the command line; its exit code is the process's."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name that the terminal's encoding lacks is written out, instead of ending the command.
            stream.reconfigure(errors="backslashreplace")
    try:
        bare_app(LazyRoot)()
    except BrokenPipeError:
        # The reader has seen enough (`regen audit ... | head`).
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - the last net: a trace would show values, and one of them may be the key
        words = sys.argv[1:]
        sys.exit(unexpected(error, as_json="--json" in words, verbose=bool({"--verbose", "-v"} & set(words))))
