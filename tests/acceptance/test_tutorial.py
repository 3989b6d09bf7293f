"""The tutorial, run again: each command says what the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

import tutorial


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_the_tutorial_says_what_its_commands_say(tmp_path: Path) -> None:
    page = tutorial.PAGE.read_text(encoding="utf-8")
    with tutorial.stack(tmp_path / "tutorial") as run:
        assert tutorial.filled(page, run) == page
