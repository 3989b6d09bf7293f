"""The queries that the predecessor's operators type are valid on regen's tables, as BigQuery reads them."""

from __future__ import annotations

import pytest

from googlesql.analyser import Analyser
from googlesql.catalogue import analyser
from googlesql.discovery import NAMES
from support.predecessors_commands import commands

__all__ = ["analyser"]


@pytest.mark.parametrize("question", ["final prediction counts", "coverage"])
def test_a_query_of_the_predecessors_is_valid_here(analyser: Analyser, question: str) -> None:
    text = commands()[question].replace("nba-props-platform.nba_", f"{NAMES.dataset('nba_')}")
    assert analyser.analyse(text, {})
