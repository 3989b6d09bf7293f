"""What every command gets: where to look and how to speak; and the options that bring it about."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Concatenate, Literal, ParamSpec, get_type_hints

import typer
from msgspec import Struct, field

from regen import clock
from regen.cli import completing
from regen.cli.ending import reported
from regen.cli.output import Output
from regen.cli.settings import Given, Settings, clock_of, resolve
from regen.cli.strict import StrictCommand
from regen.client.errors import Misused, Unauthorised
from regen.domain.values import replace

if TYPE_CHECKING:
    from regen.client.coordinator import Coordinator
    from regen.client.identity import Identity
    from regen.client.reader import Reader
    from regen.ports import Archive

P = ParamSpec("P")

PANEL = "Where and how"
Project = Annotated[
    str | None, typer.Option("--project", help="Project id. Default: nba-props-platform.", rich_help_panel=PANEL)
]
Url = Annotated[
    str | None, typer.Option("--url", help="The coordinator's address. Or COORDINATOR_URL.", rich_help_panel=PANEL)
]
Key = Annotated[str | None, typer.Option("--key", help="The API key. Or API_KEY.", rich_help_panel=PANEL)]
Profile = Annotated[
    str | None,
    typer.Option(
        "--profile",
        autocompletion=completing.profiles,
        help="A profile of ~/.config/regen/config.toml. Or REGEN_PROFILE.",
        rich_help_panel=PANEL,
    ),
]
Confirm = Annotated[
    str | None,
    typer.Option(
        "--confirm",
        metavar="DATE",
        help="The date that a protected profile asks for, typed beforehand.",
        rich_help_panel=PANEL,
    ),
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", help="Say where each setting is from, and each request with its time.", rich_help_panel=PANEL
    ),
]
Format = Annotated[
    Literal["table", "json", "csv"] | None,
    typer.Option("--format", help="table, json (as --json) or csv.", show_choices=False),
]
SortBy = Annotated[
    str | None, typer.Option("--sort-by", metavar="COLUMN", help="Order by this column; -COLUMN from the largest down.")
]
LISTS: dict[str, object] = {"form": Format, "sort_by": SortBy}
"""Options of the commands that list something."""
Json = Annotated[bool, typer.Option("--json", help="JSON instead of tables.", rich_help_panel=PANEL)]
COMMON: dict[str, object] = {
    "project": Project,
    "url": Url,
    "key": Key,
    "profile": Profile,
    "confirm": Confirm,
    "as_json": Json,
    "verbose": Verbose,
}
FLAGS = frozenset({"as_json", "verbose"})


class Session(Struct, frozen=True, dict=True):
    """One command's run."""

    given: Given = field(default_factory=Given)
    out: Output = field(default_factory=Output)
    named: list[str] = field(default_factory=list)

    @cached_property
    def settings(self) -> Settings:
        """Where to look."""
        found = resolve(self.given)
        if self.out.verbose:
            for name, origin in sorted(found.origins.items()):
                value = "(not shown)" if name == "key" else getattr(found, name)
                self.out.say(f"{name}: {value}, from {origin}")
        return found

    def name_target(self) -> None:
        """Say on stderr which system is about to be changed; once."""
        if not self.named:
            self.named.append(self.settings.target)
            self.out.say(f"target: {self.settings.target}")

    @cached_property
    def coordinator(self) -> Coordinator:
        """The coordinator, with the key; without one, with the token of the account that this process runs as.

        Raises:
            Misused: no address or no key is known.
        """
        from regen.client.coordinator import Coordinator  # noqa: PLC0415 - commands that ask nothing need no structs

        settings = self.settings
        if not settings.url:
            raise Misused("no coordinator: start `regen local up`, pass --url, or set COORDINATOR_URL or a profile")
        if not settings.key and not settings.audience:
            raise Misused(f"no API key for {settings.url}: pass --key, or set API_KEY or a profile")
        return Coordinator(
            settings.url,
            settings.key,
            settings.origins["url"],
            tell=self.out.say,
            identity=self.identity,
            heard=self.out.murmur,
            person=settings.operator,
            further=dict if settings.key else _by_token(settings.audience or ""),
        )

    @cached_property
    def identity(self) -> Identity:
        """Who calls, where Cloud Run asks."""
        from regen.client.identity import Identity  # noqa: PLC0415

        return Identity(self.settings.url or "")

    @cached_property
    def archive(self) -> Archive:
        """Where the inputs of promoted rows are kept, to read: by default the bucket that Terraform makes.

        Raises:
            Misused: nothing says where a local stack keeps them.
            Unauthorised: this machine has no credentials for a bucket.
        """
        return self._kept_at(self.settings.inputs_store, "inputs", "REGEN_INPUTS_STORE")

    @cached_property
    def models(self) -> Archive:
        """Where published models are; raises like `archive`."""
        return self._kept_at(self.settings.models_store, "models", "REGEN_MODELS_STORE")

    def _kept_at(self, given: str | None, what: str, variable: str) -> Archive:
        from google.auth.exceptions import DefaultCredentialsError  # noqa: PLC0415

        from regen.adapters.archives import archive_at  # noqa: PLC0415

        settings = self.settings
        if not given and settings.emulator:
            raise Misused(f"nothing says where this stack keeps {what}: set {variable} to its folder")
        address = given or f"gs://{settings.project}-{settings.name or 'regen'}-{what}"
        self.out.murmur(f"{what}: {address}")
        try:
            return archive_at(address)
        except DefaultCredentialsError as error:
            raise Unauthorised(f"no credentials for {address}: type `gcloud auth application-default login`") from error

    @cached_property
    def reader(self) -> Reader:
        """The warehouse, to read."""
        from regen.client.reader import Reader  # noqa: PLC0415

        return Reader(
            self.settings.project,
            self.settings.emulator,
            self.settings.prefix,
            self.settings.maximum_bytes_billed,
            self.out.say,
            self.out.murmur,
        )


def command(
    app: typer.Typer, name: str, *, example: str, json_flag: bool = True, panel: str | None = None, lists: bool = False
) -> Callable[[Callable[Concatenate[Session, P], None]], Callable[Concatenate[Session, P], None]]:
    """Make a function a command: its first argument is the session, the others are its own options.

    Args:
        app: the group that it belongs to.
        name: what is typed.
        example: what is typed as a whole, without `regen`; shown at the end of its help.
        json_flag: whether it has the common `--json`; False for commands whose `--json` names a file.
        panel: under which heading the overall help lists it.
        lists: whether it lists something, and takes `--format` and `--sort-by`.
    """
    common = {k: v for k, v in COMMON.items() if json_flag or k != "as_json"} | (LISTS if lists else {})

    def register(function: Callable[Concatenate[Session, P], None]) -> Callable[Concatenate[Session, P], None]:
        hints = get_type_hints(function, include_extras=True)
        own = list(inspect.signature(function).parameters.values())[1:]

        @functools.wraps(function)
        def run(ctx: typer.Context, **values: Any) -> None:  # noqa: ANN401
            said = {key: values.pop(key) for key in common}
            base = ctx.find_root().obj or Session()
            out = _spoken(base.out, said)
            with reported(out, _words(ctx)):
                if out.csv and out.json:
                    raise Misused("--json or --format csv, not both")
                given = Given(**said).over(base.given)
                clock.live_from(clock_of(given))
                function(Session(given, out), **values)  # type: ignore[call-arg]

        keyword = inspect.Parameter.KEYWORD_ONLY
        context = inspect.Parameter("ctx", keyword, annotation=typer.Context)
        mine = [p.replace(kind=keyword, annotation=hints[p.name]) for p in own]
        shared = [
            inspect.Parameter(k, keyword, annotation=v, default=False if k in FLAGS else None)
            for k, v in common.items()
        ]
        run.__signature__ = inspect.Signature([context, *mine, *shared])  # type: ignore[attr-defined]
        run.__annotations__ = {"ctx": typer.Context, **{p.name: p.annotation for p in [*mine, *shared]}, "return": None}
        app.command(name, cls=StrictCommand, epilog=f"Example: regen {example}", rich_help_panel=panel)(run)
        return function

    return register


def _by_token(audience: str) -> Callable[[], Mapping[str, str]]:
    from regen.client.own_token import OwnToken  # noqa: PLC0415

    token = OwnToken(audience)
    return lambda: {"Authorization": f"Bearer {token()}"}


def _spoken(base: Output, said: dict[str, object]) -> Output:
    """How a command speaks, by the options that it takes from `said`."""
    as_json, verbose = bool(said.pop("as_json", False)), bool(said.pop("verbose", False))
    form, sort_by = said.pop("form", None), said.pop("sort_by", None)
    return replace(
        base,
        json=as_json or base.json or form == "json",
        verbose=verbose or base.verbose,
        csv=form == "csv",
        sort_by=str(sort_by or ""),
    )


def _words(ctx: typer.Context) -> str:
    """The command as it was typed, without `regen`."""
    return " ".join(ctx.command_path.split()[1:])
