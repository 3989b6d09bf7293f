"""Finding the modules of a package that its sources import, without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path


def imported_modules(package: Path, files: Iterable[Path]) -> dict[Path, str]:
    """Further sources of `package` that `files` import, directly or indirectly, each with a module that imports it."""
    sources = {_module(path.relative_to(package.parent)): path for path in sorted(package.rglob("*.py"))}
    names = {path: name for name, path in sources.items()}
    seen, found = {path for path in files if path in names}, {}
    todo = sorted(seen)
    while todo:
        importer = todo.pop()
        for module in _imported(importer, sources.keys()):
            for path in _with_parents(module, sources):
                if path not in seen:
                    seen.add(path)
                    todo.append(path)
                    found[path] = names[importer]
    return found


def _module(path: Path) -> str:
    return path.as_posix().removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _with_parents(module: str, sources: Mapping[str, Path]) -> Iterator[Path]:
    parts = module.split(".")
    return (sources[name] for i in range(1, len(parts) + 1) if (name := ".".join(parts[:i])) in sources)


def _imported(path: Path, modules: AbstractSet[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes(), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            members = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name for name in (node.module, *members) if name in modules)
