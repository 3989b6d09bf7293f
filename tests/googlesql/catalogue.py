"""The analyser with everything that statements may name: tables, views, the function."""

from __future__ import annotations

from functools import cache

import pytest

from googlesql.analyser import Analyser
from googlesql.discovery import DEFINITION, NAMES, ROOT, files, filled
from googlesql.types import scalar
from regen.sql.views import views

OWN = ROOT / "src"
"""The statements of the code. Those in `infra/` define a view that is there already."""


@cache
def made() -> Analyser:
    """One for the whole session."""
    found = Analyser(NAMES)
    order = [view.statement for view in views()]
    for file in sorted(files(OWN), key=lambda f: order.index(f.stem) if f.stem in order else len(order)):
        text = filled(file.read_text(encoding="utf-8"))
        if (definition := DEFINITION.match(text)) is None:
            continue
        kind, name, arguments = definition.groups()
        query = text[definition.end() :]
        if kind == "VIEW":
            found.add_view(name, query)
        else:
            types = dict(argument.split() for argument in arguments.split(", "))
            found.add_function(name, {n: scalar(kind) for n, kind in types.items()}, query)
    return found


@pytest.fixture(scope="session")
def analyser() -> Analyser:
    return made()
