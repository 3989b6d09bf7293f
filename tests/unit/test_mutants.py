"""The catalogue of `make mutants` fits the code as it stands, so that a mistake that is to be made can be made."""

from __future__ import annotations

from pathlib import Path

import pytest

from mutants.catalogue import BadMutation, Mutation, mutations
from mutants.running import each_once


def test_every_mutation_fits_the_code() -> None:
    assert [problem for mutation in mutations() for problem in mutation.problems()] == []


def test_a_mutation_whose_text_is_gone_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one = 1\n")
    gone = Mutation("a name", "P1", "a.py", "two = 2", "two = 3", ("tests/unit",))
    assert next(iter(gone.problems(tmp_path))) == "a name: the old text stands in a.py 0 times, not once"


def test_a_mutation_changes_its_text_once(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("one = 1\n")
    assert Mutation("a name", "P1", "a.py", "= 1", "= 2", ("tests",)).applied(tmp_path) == "one = 2\n"
    (tmp_path / "a.py").write_text("one = 1\nother = 1\n")
    with pytest.raises(BadMutation, match="2 times"):
        Mutation("a name", "P1", "a.py", "= 1", "= 2", ("tests",)).applied(tmp_path)


def test_the_sound_code_runs_each_file_once() -> None:
    named = [("a.py", "b.py"), ("b.py", "c.py"), ("a.py", "-k", "one")]
    assert each_once(named) == [("a.py",), ("b.py",), ("c.py",), ("a.py", "-k", "one")]
