"""Writes docs/commands.md, docs/tables.md and docs/api.md: every command, column and route, from the code; and the list that `regen --help` prints.

tools/lookup_pages.py           write the pages
tools/lookup_pages.py --check   say which are out of date, and fail if one is
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from typer.main import get_command

from pages import written_or_checked
from regen.cli import MODULES, adder
from regen.cli.lazy import LISTED
from regen.cli.main import EPILOG, bare_app, make_app
from regen.cli.root import Root
from regen.domain.values import asdict
from regen.schemas import Field, tables
from regen.sql.views import views

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
WRITTEN = "Written by tools/lookup_pages.py from the code."
COMMON = "Where and how"
METHODS = ("get", "post", "put", "patch", "delete")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def commands() -> str:
    """Every command with its arguments and options."""
    root: Any = get_command(make_app())
    shared = [_option(p) for p in root.params if getattr(p, "rich_help_panel", None) == COMMON]
    parts = [
        f"# Reference: commands\n\n{WRITTEN} `regen help COMMAND` prints the same. {EPILOG.partition(' `regen help')[0]}\n",
        "## Options of every command\n\n" + _table(("option", "meaning"), shared) + "\n",
        "## Commands\n",
    ]
    return "\n".join([*parts, *_commands(root, ("regen",))])


def _commands(group: Any, path: tuple[str, ...]) -> Iterator[str]:  # noqa: ANN401 - typer's own class
    for name, command in sorted(group.commands.items()):
        if command.hidden:
            continue
        if hasattr(command, "commands"):
            yield from _commands(command, (*path, name))
            continue
        arguments = [p for p in command.params if p.param_type_name == "argument"]
        options = [
            p for p in command.params if p.param_type_name == "option" and getattr(p, "rich_help_panel", None) != COMMON
        ]
        yield f"### {' '.join((*path, name))}\n\n{' '.join(str(command.help).split())}\n"
        rows = [(_argument(p), str(p.help or "")) for p in arguments]
        rows += [_option(p) for p in options if p.name != "help"]
        if rows:
            yield _table(("argument or option", "meaning"), rows) + "\n"
        yield f"`{str(command.epilog).removeprefix('Example: ')}`\n"


def _argument(argument: Any) -> str:  # noqa: ANN401 - typer's own class
    name = str(argument.metavar or argument.name.upper()).strip("[]")
    shown = f"{name}{'...' if argument.nargs != 1 and not name.endswith('...') else ''}"
    return f"`{shown if argument.required else f'[{shown}]'}`"


def _option(option: Any) -> tuple[str, str]:  # noqa: ANN401 - typer's own class
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    default = option.default
    shown = "" if callable(default) or default in (None, False, (), []) else f" Default: `{default}`."
    return names, f"{option.help or ''}{shown}"


def columns() -> str:
    """Every table and view with its columns."""
    parts = [f"# Reference: tables and views\n\n{WRITTEN} How to read them: [sql.md](sql.md).\n"]
    for table in sorted(tables(), key=lambda t: (t.dataset, t.name)):
        parts.append(f"## {table.dataset}.{table.name}\n\n{table.description}\n")
        parts.append(_fields(table.fields))
    for view in views():
        parts.append(f"## nba_predictions.{view.name}\n\nView. {view.description}.\n")
        parts.append(f"The columns of `{view.columns_of}`.\n" if view.columns_of else _fields(view.fields))
    return "\n".join(parts)


def _fields(fields: Sequence[Field]) -> str:
    rows = [(f"`{f.name}`", f.type, f.mode.lower(), f.description) for f in fields]
    return _table(("column", "type", "mode", "meaning"), rows) + "\n"


def routes() -> str:
    """Every route with its parameters and answers."""
    described: Mapping[str, Any] = yaml.load((DOCS / "openapi.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    parts = [
        "# Reference: the API\n\nWritten by tools/lookup_pages.py from [openapi.yaml](openapi.yaml), which has the bodies.\n",
        f"{described['info']['description']}",
    ]
    parts += [
        _route(described, f"{method.upper()} {path}", methods[method], methods.get("parameters", []))
        for path, methods in described["paths"].items()
        for method in METHODS
        if method in methods
    ]
    return "\n".join(parts)


def _route(described: Mapping[str, Any], name: str, route: Mapping[str, Any], shared: Sequence[Any]) -> str:
    said = " ".join(str(route.get("description", "")).split())
    text = f"## {name}\n\n{route['summary']}. Of: {', '.join(route['tags'])}.{' ' + said if said else ''}\n\n"
    given = [_resolved(described, p) for p in (*shared, *route.get("parameters", []))]
    if given:
        rows = [(f"`{p['name']}`", p["in"], str(p.get("description", ""))) for p in given]
        text += _table(("parameter", "in", "meaning"), rows) + "\n\n"
    answers = {code: _resolved(described, answer) for code, answer in route["responses"].items()}
    said_of = [(code, str(answer.get("description", ""))) for code, answer in answers.items()]
    return text + _table(("answer", "meaning"), said_of) + "\n"


def _resolved(described: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a `$ref` names, or the part itself."""
    found: Any = part
    if "$ref" in part:
        found = described
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
    return found  # type: ignore[no-any-return]


def listed() -> str:
    """Every command's file, and its line of the help."""
    files: dict[str, str] = {}
    for module in MODULES:
        app = bare_app(Root)
        adder(module)(app)
        group: Any = get_command(app)
        files |= dict.fromkeys(group.commands, module)
    whole: Any = get_command(make_app())
    found = [{"module": files[entry.name], **asdict(entry)} for entry in whole.entries()]
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "docs/commands.md": commands,
    "docs/tables.md": columns,
    "docs/api.md": routes,
    LISTED.relative_to(ROOT).as_posix(): listed,
}


def problems() -> list[str]:
    """The pages that are not as the code is."""
    stale = [name for name, made in PAGES.items() if not _is(ROOT / name, made())]
    return [f"{name} is out of date: run tools/lookup_pages.py" for name in stale]


def _is(page: Path, text: str) -> bool:
    return page.exists() and page.read_text(encoding="utf-8") == text


def write() -> None:
    """Write the pages."""
    for name, made in PAGES.items():
        (ROOT / name).write_text(made(), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(written_or_checked(sys.argv[1:], write, problems))
