"""Starts the BigQuery emulator inside its own environment: never imported by regen, only executed by that interpreter.

Two things stand between the package and an offline machine: DuckDB would download its extensions, although the package
index ships them; and two source files need Python 3.13's syntax.
"""

from __future__ import annotations

import functools
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

VERSION = "0.3.2"
"""The version of local-bigquery that all patches were written for."""
MODULES = ("bigquery_runs", "bigquery_shortcuts", "bigquery_translations", "bigquery_jobs", "bigquery_repairs")
EXTENSIONS = ("icu", "ducklake", "spatial")

#: What each source file says, and what Python 3.11 understands. Each pattern must be there: another version of the
#: package would need another look.
REWRITES = {
    "local_bigquery.catalog.metadata": (
        ("def list_[R: Resource](model: type[R], *keys: str) -> list[R]:", "def list_(model, *keys):"),
        ("def load[R: Resource](model: type[R], *keys: str) -> R | None:", "def load(model, *keys):"),
        ("def save[R: Resource](resource: R, *keys: str) -> R:", "def save(resource, *keys):"),
    ),
    "local_bigquery.engine.results": (
        ("""error('{message.replace("'", "''")}')""", """error('{message.replace(chr(39), chr(39) * 2)}')"""),
    ),
}


class _Rewritten(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname: str) -> object:  # type: ignore[override]
        source = Path(self.path).read_text(encoding="utf-8")
        for old, new in REWRITES[fullname]:
            if old not in source:
                raise ImportError(f"{fullname} is not the version that the launcher knows")
            source = source.replace(old, new)
        return self.source_to_code(source.encode(), self.path)


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in REWRITES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            return spec
        loader: Loader = _Rewritten(fullname, spec.origin)
        return importlib.util.spec_from_file_location(fullname, spec.origin, loader=loader)


def install_extensions() -> None:
    """Put DuckDB's extensions where it looks for them: under HOME, which the caller has set to a folder of ours."""
    from duckdb_extensions import import_extension  # noqa: PLC0415

    have = {path.name.partition(".")[0] for path in (Path.home() / ".duckdb").rglob("*.duckdb_extension")}
    for name in EXTENSIONS:
        if name not in have:
            import_extension(name)


def main(arguments: list[str]) -> None:
    """`extensions` installs them and ends; anything else is the emulator's own command line."""
    install_extensions()
    if arguments == ["extensions"]:
        return
    if sys.version_info < (3, 12):
        sys.meta_path.insert(0, _Finder())
    quiet_requests()
    from local_bigquery.cli import main as serve  # noqa: PLC0415

    for name in MODULES:
        for patch in patches(name).PATCHES:
            patch()
    serve(arguments)


def quiet_requests() -> None:
    """Write no line for each request.

    Wrong: a line for each request costs more than many a request, and no option of the command line turns it off.
    Where: `local_bigquery.cli.main`, which calls `uvicorn.run`.
    Mended: `access_log=False` and `log_level="warning"`.
    """
    import uvicorn  # noqa: PLC0415

    uvicorn.run = functools.partial(uvicorn.run, access_log=False, log_level="warning")


def patches(name: str) -> Any:  # noqa: ANN401
    """A module beside this one; none of them is part of a package here."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main(sys.argv[1:])
