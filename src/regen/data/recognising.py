"""Finds the files of an import, and by its columns or its shape what each is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from regen.data.formats import FORMATS, by_name
from regen.data.formats.shape import KINDS, Format, plain
from regen.data.mapping import Mappings, read_mappings
from regen.data.reading import ENDINGS, FOREIGN, Opened, is_foreign, open_file
from regen.domain.errors import InvalidInput


class Found(Struct, frozen=True):
    """A file and what it is taken for."""

    opened: Opened
    form: Format


def candidates(paths: Iterable[Path]) -> list[Path]:
    """The files of the paths, each once: those that are named, and those of folders, in the order of names."""
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(sorted(p for p in path.iterdir() if p.is_file())))
        else:
            found[path] = None
    return list(found)


def recognised(paths: Sequence[Path], taken_for: str | None = None) -> tuple[list[Found], dict[Path, str]]:
    """What each file is, and why the others are not read.

    Raises:
        InvalidInput: a file that is named itself, or that has the name of one of regen's own, is not understood.
    """
    named = {path for path in paths if not path.is_dir()}
    if missing := next((path for path in named if not path.is_file()), None):
        raise InvalidInput(str(missing), "a file or folder; there is none")
    files = candidates(paths)
    mappings = read_mappings([path for path in files if path.name.endswith(".toml")])
    found: list[Found] = []
    unread: dict[Path, str] = dict.fromkeys(_inner_folders(paths), "a folder in a folder: name it too")
    taken: set[Path] = set()
    for path in files:
        if path.name.endswith(".toml"):
            continue
        bare = path.with_name(path.name.removesuffix(".gz"))
        if bare in taken or not _is_data(path, named=path in named):
            if _is_told(path):
                unread[path] = is_foreign(path) or (f"{bare.name} is read" if bare in taken else "")
            continue
        try:
            found.append(_recognise(path, mappings, taken_for if path in named else None))
            taken.add(bare)
        except InvalidInput as error:
            if path in named or _own_kind(path):
                raise
            unread[path] = f"expected {error.expected}"
    return found, unread


def recognise(opened: Opened) -> Format | None:
    """The format whose columns or shape a file has; of several, the one that tells most of it."""
    if opened.document is not None:
        form = next((form for form in FORMATS if form.records and form.records(opened.document) is not None), None)
        if form is not None or opened.head is None:
            return form
    head = opened.head or ()
    best = max(FORMATS, key=lambda form: 0 if form.json_only else form.fits(form.headed(head)))
    return None if best.json_only or not best.fits(best.headed(head)) else best


def _recognise(path: Path, mappings: Mappings, taken_for: str | None) -> Found:
    opened = open_file(path)
    if taken_for is not None:
        return Found(opened, by_name(taken_for))
    own = _own_kind(path)
    form = mappings.of(path.name) or recognise(opened) or (by_name(own) if own else None)
    if form is None:
        has = f"; it has {', '.join(opened.head)}" if opened.head else "; it has no columns"
        raise InvalidInput(
            path.name, f"a file of a known format{has}: name one with --as, or write a mapping beside it (docs/data.md)"
        )
    _refuse_twice(opened, form)
    return Found(opened, form)


def _refuse_twice(opened: Opened, form: Format) -> None:
    """Raise InvalidInput if a column that is read stands twice in the header: the values of one would be lost."""
    known = {plain(name) for column in form.columns for name in column.names}
    times = Counter(plain(name) for name in opened.head or ())
    if twice := sorted(name for name, number in times.items() if number > 1 and name in known):
        raise InvalidInput(opened.path.name, f"each column once; {', '.join(twice)} stands there twice: remove one")


def _inner_folders(paths: Iterable[Path]) -> list[Path]:
    """Folders with files of data in the folders of the paths: those are not read."""
    inner = (path for root in paths if root.is_dir() for path in root.iterdir() if path.is_dir())
    known = {path.resolve() for path in paths}
    return [p for p in inner if p.resolve() not in known and any(_is_told(file) for file in p.iterdir())]


def _own_kind(path: Path) -> str | None:
    """The kind of record whose name a file has."""
    return next((kind for kind in KINDS if path.name.split(".", 1)[0] == kind), None)


def _is_data(path: Path, *, named: bool) -> bool:
    if named:
        return True
    if _own_kind(path) and path.name.lower().endswith(tuple(FOREIGN)):
        return True
    return path.name.lower().endswith(ENDINGS) and path.name != "player_aliases.csv"


def _is_told(path: Path) -> bool:
    """Whether a file that is not read is named: it could be data."""
    return path.name.lower().endswith((*ENDINGS, *FOREIGN)) and not path.name.startswith(".")
