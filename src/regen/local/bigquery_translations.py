"""Keeps what the BigQuery emulator makes of a statement's text, applied by its launcher inside its own environment.

Each function of `PATCHES` is one patch, as in the modules beside this one. What a statement says is kept by its text. Its translation is kept for as
long as its tables have the same columns; in a file, too, for the emulators that start later.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from local_bigquery.catalog import tables
from local_bigquery.engine import database
from local_bigquery.sql import script, translate
from local_bigquery.sql.dialect import BigQueryDialect
from sqlglot import exp  # type: ignore[import-not-found,unused-ignore]

_KEPT = (exp.Query, exp.Insert, exp.Update, exp.Delete)
"""Statements whose translations are kept: none of them changes what later ones mean."""
_UNLIKE = ("?", "SYSTEM_TIME", "EXTERNAL_QUERY", "INFORMATION_SCHEMA")
"""What a translation depends on beside its text and its tables, if it has one of these."""
_SYSTEM = re.compile(r"@@([\w.]+)")
_STAGED = re.compile(r"predictions_staging`?\.`?(\w{12,})")
_VARIABLE = re.compile(r"__[a-z]+_[0-9a-f]{12}")
_VERSION = "SELECT schema_version FROM {meta}.ducklake_snapshot ORDER BY snapshot_id DESC LIMIT 1"
_MOST = 4000
_texts: dict[int, str] = {}
"""The text of each kept tree, by its identity."""
_file = threading.Lock()


def keep_parses() -> None:
    """Take a script apart, and parse its statements, once.

    Wrong: both are done at every repetition, and take as long as all the rest of a small statement.
    Where: `local_bigquery.sql.script.parse_script` and `local_bigquery.sql.translate.parse`.
    Mended: both are kept by the text; trees only of statements that are read and copied, and never changed.
    """
    _replace(script.parse_script, functools.lru_cache(_MOST)(script.parse_script))
    _replace(translate.parse, _parsing(translate.parse))


def keep_translations() -> None:
    """Translate a statement once for as long as its tables have the same columns.

    Wrong: parsing and translating take about 10 ms for each table that a statement names, at every repetition.
    Where: `local_bigquery.sql.translate.translate`.
    Mended: the translation is kept by the statement's text, its parameters and the form of its tables, whatever the names of
    its staging table and of its variables' tables, which no other job uses.
    """
    _replace(translate.translate, _keeping(translate.translate, _Kept(Path.home() / f"translations-{_fingerprint()}")))


class _Names:
    """The names in a statement that no other job uses, and the places that they take in what is kept."""

    def __init__(self, names: Sequence[str]) -> None:
        self._places = {name: f"__place_{number}__" for number, name in enumerate(dict.fromkeys(names))}
        self._names = {place: name for name, place in self._places.items()}

    def out(self, text: str) -> str:
        """The text with places."""
        return _exchanged(text, self._places)

    def back(self, text: str) -> str:
        """The text with the names."""
        return _exchanged(text, self._names)

    def form(self, named: set[tuple[str, ...]]) -> list[Any]:
        """What the tables of a statement look like now; an error if one is not there."""
        paths = sorted(tables.physical(*reference) for reference in named)
        return [([self.out(part) for part in path], tables.columns(*path)) for path in paths]


class _Kept:
    """Translations by key: what came of it, the parameters in it, its tables, and their form or its digest.

    Attributes:
        looked: the tables, and the versions of their projects' schemas, at which the form was found to be that.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.looked: dict[str, Any] = {}
        self._found: dict[str, tuple[str, list[str], list[list[str]], Any]] = {}
        if path.exists():
            for line in path.read_bytes().splitlines()[:_MOST]:
                try:
                    key, *found = json.loads(line)
                    self._found[key] = tuple(found)
                except ValueError:
                    continue  # another emulator was killed while it wrote

    def get(self, key: str) -> tuple[str, list[str], list[list[str]], Any] | None:
        return self._found.get(key)

    def put(self, key: str, sql: str, used: list[str], named: list[list[str]], form: Any) -> None:  # noqa: ANN401
        line = json.dumps([key, sql, used, named, _digest(form)]).encode() + b"\n"
        with _file:
            if len(self._found) >= _MOST:
                self._found, self.looked = {}, {}
                self._path.unlink(missing_ok=True)
            self._found[key] = (sql, used, named, form)
            with self._path.open("ab", buffering=0) as file:
                file.write(line)

    def fits(self, key: str, names: _Names, named: set[tuple[str, ...]]) -> bool:
        """Whether the tables still have the form that the translation is for."""
        found = self._found.get(key)
        if found is None:
            return False
        at = [_schema_versions(named), sorted(named)]
        if self.looked.get(key) == at:
            return True
        sql, used, places, form = found
        now = names.form(named)
        if form != (_digest(now) if isinstance(form, str) else now):
            return False
        # The form itself is quicker to compare than its digest.
        self._found[key] = (sql, used, places, now)
        self.looked[key] = at
        return True


def _parsing(original: Callable[[str], list[Any]]) -> Callable[[str], list[Any]]:
    """Parse, or give the trees of the same text."""
    kept: dict[str, list[Any]] = {}

    def parse(sql: str) -> list[Any]:
        if (found := kept.get(sql)) is not None:
            return found
        trees = original(sql)
        if all(isinstance(tree, _KEPT) for tree in trees):
            if len(kept) >= _MOST:
                kept.clear()
                _texts.clear()
            _texts.update((id(tree), tree.sql(dialect=BigQueryDialect)) for tree in trees)
            kept[sql] = trees
        return trees

    return parse


def _keeping(original: Callable[..., tuple[str, dict[str, Any]]], kept: _Kept) -> Callable[..., Any]:
    """Translate, or give what came of the same text for tables of the same form."""

    def translated(tree: Any, context: Any) -> tuple[str, dict[str, Any]]:  # noqa: ANN401
        text = _text(tree)
        if text is None or any(word in text for word in _UNLIKE):
            return original(tree, context)
        names = _Names([*_of_variables(context), *_STAGED.findall(text)])
        key = _key(names.out(text), names, context)
        if (found := kept.get(key)) is not None:
            sql, used, places, _ = found
            named = {tuple(map(names.back, reference)) for reference in places}
            if kept.fits(key, names, named):
                context.referenced |= named
                return names.back(sql), {name: context.values[name] for name in used}
        before, context.referenced = context.referenced, set()
        try:
            sql, bound = original(tree, context)
            named = set(context.referenced)
        finally:
            context.referenced |= before
        kept.put(key, names.out(sql), list(bound), [list(map(names.out, one)) for one in named], names.form(named))
        return sql, bound

    return translated


def _text(tree: Any) -> str | None:  # noqa: ANN401
    """A statement as text; None if its translation is not kept."""
    if not isinstance(tree, _KEPT):
        return None
    return _texts.get(id(tree)) or str(tree.sql(dialect=BigQueryDialect))


def _key(text: str, names: _Names, context: Any) -> str:  # noqa: ANN401
    """What a translation depends on beside the form of its tables."""
    values = {name: context.system.get(name) for name in map(str.lower, _SYSTEM.findall(text))}
    parts = (
        text,
        context.project_id,
        context.dataset_id,
        sorted(context.parameters.items()),
        sorted(context.values),
        [(name, names.out(table)) for name, table in sorted(context.variables.items())],
        sorted(context.temporary),
        repr(context.functions),
        repr(values),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _schema_versions(named: set[tuple[str, ...]]) -> Any:  # noqa: ANN401
    """The version of the schema of each project that is named: DuckLake counts it up with every table that is made, changed or dropped.

    Where a table is none of DuckLake's, something that equals nothing.
    """
    projects = sorted({reference[0] for reference in named})
    if any(reference[1] == tables.RESULTS for reference in named) or not database._attached.issuperset(projects):  # noqa: SLF001
        return object()
    places = [database.quote(f"__ducklake_metadata_{project}") for project in projects]
    return [(place, database.fetch(_VERSION.format(meta=place))) for place in places]


def _of_variables(context: Any) -> list[str]:  # noqa: ANN401
    found = (_VARIABLE.search(table) for _, table in sorted(context.variables.items()))
    return [match[0] for match in found if match]


def _exchanged(text: str, names: Mapping[str, str]) -> str:
    return re.sub(rf"\b({'|'.join(names)})\b", lambda match: names[match[1]], text) if names else text


def _digest(form: Any) -> str:  # noqa: ANN401
    return hashlib.sha256(repr(form).encode()).hexdigest()


def _fingerprint() -> str:
    """Of all that makes translations: another version begins a file of its own."""
    own = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("bigquery_*.py"))]
    versions = [version(name).encode() for name in ("local-bigquery", "sqlglot", "duckdb")]
    return hashlib.sha256(b"\n".join([*own, *versions, sys.version.encode()])).hexdigest()[:16]


def _replace(old: Callable[..., Any], new: Callable[..., Any]) -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("local_bigquery"):
            for attribute, value in list(vars(module).items()):
                if value is old:
                    setattr(module, attribute, new)


PATCHES: tuple[Callable[[], None], ...] = (keep_parses, keep_translations)
WRITTEN_FOR: Mapping[str, Mapping[str, str]] = {
    "keep_parses": {
        "local_bigquery.sql.script.parse_script": "7bd8facb571259ba",
        "local_bigquery.sql.translate.parse": "166385e1dac2d84e",
    },
    "keep_translations": {"local_bigquery.sql.translate.translate": "b6a97413e9188000"},
}
"""The start of the SHA-256 of each function's source, by patch."""
