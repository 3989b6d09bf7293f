"""Rendering of statements: placeholders become names of tables and lists of columns, from validated settings and schemas only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

from msgspec import Struct

from regen.domain.errors import InvalidInput
from regen.schemas import STAGING_DATASET, table, tables
from regen.settings import number

_PROJECT = re.compile(r"[a-z][a-z0-9.:-]{2,60}")
_PREFIX = re.compile(r"([A-Za-z0-9_]{1,60})?")
_TABLE = re.compile(r"[A-Za-z0-9_]{1,200}")
_PLACE = re.compile(r"\{([a-z_0-9]+)\}")
_PART = re.compile(r"^( *)\{(\w+):([\w,]*)\}$", re.MULTILINE)
_COMMENT = re.compile(r"^\s*--.*\n?", re.MULTILINE)


class Names(Struct, frozen=True):
    """The names of datasets and tables.

    Attributes:
        prefix: prefix of each dataset's name.
        min_minutes: the average under which a player without a line is not expected, as the view of coverage has it.
    """

    project: str
    prefix: str = ""
    min_minutes: float = number("REGEN_MIN_MINUTES")

    def __post_init__(self) -> None:
        if not _PROJECT.fullmatch(self.project):
            raise InvalidInput("project", "a project id")
        if not _PREFIX.fullmatch(self.prefix):
            raise InvalidInput("dataset prefix", "letters, digits and _")

    def dataset(self, name: str) -> str:
        """The dataset's full name: project.dataset."""
        return f"{self.project}.{self.prefix}{name}"

    def table(self, name: str) -> str:
        """The full name of a table, without backquotes."""
        return f"{self.dataset(table(name).dataset)}.{name}"

    @property
    def staging_dataset(self) -> str:
        """The full name of the dataset of staging tables."""
        return self.dataset(STAGING_DATASET)

    def staging(self, name: str) -> str:
        """The full name of a staging table.

        Raises:
            InvalidInput: the name is not valid for a table.
        """
        if not _TABLE.fullmatch(name):
            raise InvalidInput("staging", "letters, digits and _")
        return f"{self.staging_dataset}.{name}"


@cache
def source(name: str) -> str:
    """The text of a statement's file, with shared parts inserted."""
    return filled((resources.files(__package__) / f"{name}.sql").read_text(encoding="utf-8"))


def filled(text: str) -> str:
    """The text with each line `{part:a,b}` replaced by `parts/part.sql`, in which a and b replace $1 and $2.

    A part may have parts. One without places is written `{part:}`.
    """
    return _PART.sub(_part, text)


def _part(match: re.Match[str]) -> str:
    indent, name, values = match.groups()
    text = (resources.files(__package__) / "parts" / f"{name}.sql").read_text(encoding="utf-8")
    for place, value in enumerate(values.split(","), 1):
        text = text.replace(f"${place}", value)
    return "\n".join(indent + line for line in filled(_COMMENT.sub("", text)).splitlines())


@cache
def _tables(names: Names) -> dict[str, str]:
    places = {t.name: f"`{names.table(t.name)}`" for t in tables()}
    return places | {
        "nba_predictions": names.dataset("nba_predictions"),
        "min_minutes": f"{names.min_minutes:g}",
    }


@cache
def render(name: str, names: Names, staging: str | None = None, lists: tuple[tuple[str, str], ...] = ()) -> str:
    """The rendered statement.

    Args:
        staging: name of the staging table, for a statement that reads one.
        lists: further placeholders with their texts: lists of columns made from the schemas.
    """
    return render_text(source(name), names, staging, lists)


def render_text(text: str, names: Names, staging: str | None = None, lists: tuple[tuple[str, str], ...] = ()) -> str:
    """A rendered text, which may also be an operator's own query."""
    places: Mapping[str, str] = _tables(names) | dict(lists)
    if staging is not None:
        places = {**places, "staging": f"`{names.staging(staging)}`"}
    return _PLACE.sub(lambda match: places[match[1]], _COMMENT.sub("", text))
