"""A mapping beside the data: for files of a shape that regen does not know, which column is which.

[[file]]
match = "my_odds*.csv"        # which files
as = "prop_lines"             # what they are: a name of docs/data.md
columns = { player_lookup = "Player Name", game_date = "Day", line = "Points" }
values = { market = "points", bookmaker = "draftkings" }
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from pathlib import Path

from msgspec import Struct

from regen.data.formats import by_name
from regen.data.formats.shape import Format
from regen.domain.errors import InvalidInput
from regen.domain.values import replace

_KEYS = {"match", "as", "columns", "values"}


class Mappings(Struct, frozen=True):
    """Formats by the files that they are for."""

    forms: tuple[tuple[str, Format], ...] = ()

    def of(self, name: str) -> Format | None:
        """The format that a file is mapped to, if any."""
        return next((form for pattern, form in self.forms if fnmatch(name, pattern)), None)


def read_mappings(paths: Iterable[Path]) -> Mappings:
    """Read the TOML files.

    Raises:
        InvalidInput: one is not TOML, or names what there is not.
    """
    forms = []
    for path in paths:
        written = path.read_text(encoding="utf-8-sig", errors="replace")
        if "[[file" not in written:  # another program's
            continue
        try:
            entries = tomllib.loads(written).get("file")
        except tomllib.TOMLDecodeError as error:
            raise InvalidInput(path.name, f"TOML in UTF-8: {error}") from error
        if not isinstance(entries, list) or not entries:
            raise InvalidInput(path.name, "[[file]] with match, as and columns (docs/data.md)")
        forms += [_entry(path.name, entry) for entry in entries]
    return Mappings(tuple(forms))


def _entry(file: str, entry: object) -> tuple[str, Format]:
    if not isinstance(entry, Mapping):
        raise InvalidInput(file, "[[file]], a table each")
    if unknown := set(entry) - _KEYS:
        raise InvalidInput(f"{file} {min(unknown)}", f"one of {', '.join(sorted(_KEYS))}")
    if not isinstance(entry.get("match"), str) or not isinstance(entry.get("as"), str):
        raise InvalidInput(file, "match and as, each a text")
    form = by_name(str(entry["as"]))
    given, values = _texts(file, "columns", entry), _texts(file, "values", entry)
    known = {name: column for column in form.columns for name in (column.field, column.names[0])}
    for name in (*given, *values):
        if name not in known:
            raise InvalidInput(f"{file} {name}", f"one of {', '.join(sorted({c.names[0] for c in form.columns}))}")
    renamed = {known[name].field: own for name, own in given.items()}
    columns = tuple(
        replace(column, names=(renamed[column.field], *column.names)) if column.field in renamed else column
        for column in form.columns
    )
    fixed = {known[name].names[0]: value for name, value in values.items()}
    return str(entry["match"]), replace(form, columns=columns, constants=fixed)


def _texts(file: str, key: str, entry: Mapping[str, object]) -> dict[str, str]:
    found = entry.get(key, {})
    if not isinstance(found, Mapping) or not all(isinstance(value, str | int | float) for value in found.values()):
        raise InvalidInput(f"{file} {key}", "names and texts")
    return {str(name): str(value) for name, value in found.items()}
