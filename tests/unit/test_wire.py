"""What goes over the wire stays as it was recorded: programs of other people and another release read it."""

from __future__ import annotations

import pytest

from support.wire_examples import EXAMPLES, lines, recorded


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_said_is_what_was_recorded(name: str) -> None:
    said, before = lines(name), recorded(name)
    assert [line.split("\t")[0] for line in said] == [line.split("\t")[0] for line in before]
    assert said == before, (
        "meant? record anew (PYTHONPATH=tests python -m support.wire_examples), and say so in CHANGELOG.md"
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_recorded_examples_are_many(name: str) -> None:
    assert len(recorded(name)) >= 40
