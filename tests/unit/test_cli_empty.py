"""An empty value on the command line is a mistake: an empty variable of a script must not mean "all" or "today"."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from support.commands import APP, run_command


def _commands(
    command: TyperCommand | TyperGroup, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every command and group with the words that lead to it."""
    yield path, command
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            yield from _commands(inner, (*path, name))  # type: ignore[arg-type]


def _words() -> Iterator[tuple[tuple[str, ...], str, bool, bool]]:
    """Every option and argument that takes a value: its command, its name, whether it is an argument, whether a list."""
    for path, command in _commands(WHOLE):  # type: ignore[arg-type]
        for param in command.params:  # type: ignore[attr-defined]
            if not getattr(param, "is_flag", False):
                is_argument = param.param_type_name == "argument"
                yield path, param.opts[0] if not is_argument else str(param.name), is_argument, param.multiple


WHOLE = typer.main.get_command(APP)
WORDS = list(_words())
ARGUMENTS = [(path, name) for path, name, is_argument, _ in WORDS if is_argument]
OPTIONS = [(path, name) for path, name, is_argument, _ in WORDS if not is_argument]
LISTS = [(path, name) for path, name, _, is_list in WORDS if is_list]


def _ids(words: list[tuple[tuple[str, ...], str]]) -> list[str]:
    return [" ".join((*path, name)) for path, name in words]


def _refused(*words: str) -> str:
    with pytest.raises(typer.BadParameter) as refused:
        WHOLE.main(list(words), standalone_mode=False)
    assert refused.value.exit_code == 2
    return refused.value.format_message()


def test_an_empty_value_is_wrong_usage() -> None:
    result = run_command(["status", "--date", ""], {"COLUMNS": "200"})
    assert result.exit_code == 2
    assert "--date" in result.stderr


def test_the_walk_finds_the_commands() -> None:
    assert len(OPTIONS) > 150
    assert len(ARGUMENTS) > 20
    assert {name for _, name in LISTS} >= {"--players", "--systems", "--games", "--check"}


@pytest.mark.parametrize(("path", "option"), OPTIONS, ids=_ids(OPTIONS))
def test_no_option_takes_an_empty_value(path: tuple[str, ...], option: str) -> None:
    for words in ((option, ""), (option, " \t"), (f"{option}=",)):
        assert option in _refused(*path, *words)


@pytest.mark.parametrize(("path", "name"), ARGUMENTS, ids=_ids(ARGUMENTS))
def test_no_argument_is_an_empty_one(path: tuple[str, ...], name: str) -> None:
    assert "empty value" in _refused(*path, *["2026-01-20"] * _before(path, name), "")


def _before(path: tuple[str, ...], name: str) -> int:
    mine = [other for one, other in ARGUMENTS if one == path]
    return mine.index(name)


@pytest.mark.parametrize(("path", "option"), LISTS, ids=_ids(LISTS))
def test_no_list_has_an_empty_member(path: tuple[str, ...], option: str) -> None:
    for given in ("a,,b", ",a", "a,", " , "):
        assert option in _refused(*path, option, given)
