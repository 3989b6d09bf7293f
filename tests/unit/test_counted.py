"""A number of things is said in the singular where it is one."""

import pytest

from regen.domain.words import counted


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [
        (0, "row", "0 rows"),
        (1, "player", "1 player"),
        (1, "batch", "1 batch"),
        (2, "batch", "2 batches"),
        (5935, "row", "5,935 rows"),
    ],
)
def test_one_is_said_in_the_singular(count: int, noun: str, said: str) -> None:
    assert counted(count, noun) == said
