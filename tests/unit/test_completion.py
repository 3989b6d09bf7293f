"""A Tab offers what can stand there: it is asked as each shell asks, over the seat's own system."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from regen.cli.completing import SAFE, _matching
from regen.client import reader
from support.commands import APP, run_command
from support.league import DAY, players
from support.seat import Seat, SeatReader, seated

D = DAY.isoformat()


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seat]:
    """A seat with one promoted batch."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with seated(tmp_path_factory.mktemp("tab"), players(10)) as seat, pytest.MonkeyPatch.context() as patched:
        patched.setattr(reader, "Reader", lambda *_: SeatReader(seat))
        patched.setenv("XDG_CACHE_HOME", str(seat.home / "cache"))
        seat.bench.run("first")
        yield seat


def offered(seat: Seat, line: str, shell: str = "bash", **more: str) -> list[str]:
    """What is offered at the end of a line."""
    words = line.split(" ")
    asked = {"_REGEN_COMPLETE": f"complete_{shell}", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    asked |= {"_TYPER_COMPLETE_ARGS": line, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    result = CliRunner().invoke(APP, [], env={**seat.env, **asked, **more}, prog_name="regen")
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return list(filter(None, result.stdout.splitlines()))


def batch(seat: Seat) -> str:
    return seat.bench.store.find("prediction_batches")[0].path.rpartition("/")[2]


def test_a_tab_offers_dates_with_a_slate(tab: Seat) -> None:
    assert offered(tab, "regen show ")[0] == D
    assert (offered(tab, "regen show Y"), offered(tab, "regen show y")) == (["YESTERDAY"], ["yesterday"])
    assert offered(tab, "regen coverage 2026-0") == [D]
    assert list((tab.home / "cache").rglob("dates-*.json")), "the second Tab reads no table"


def test_a_tab_offers_batches_where_one_is_asked(tab: Seat) -> None:
    assert offered(tab, "regen status ") == ["@last", batch(tab), D]
    assert offered(tab, "regen promote regen_") == [batch(tab)]
    assert offered(tab, "regen diff @") == ["@last"]


@pytest.mark.parametrize(
    ("line", "offers"),
    [
        ("regen promote x --check cov", ["coverage"]),
        ("regen promote x --check coverage,mean", ["coverage,mean_shift"]),
        ("regen status --status hel", ["held"]),
        ("regen regenerate x --systems ens", ["ensemble_v1"]),
        ("regen show x --system line_b", ["line_blend_v1"]),
        ("regen explain no_hist", ["no_history"]),
        ("regen bdb list --status bdb_a", ["bdb_available"]),
        ("regen rege", ["regenerate"]),
        ("regen promote x --check uniq", []),
    ],
)
def test_a_tab_offers_the_names_that_fit(tab: Seat, line: str, offers: list[str]) -> None:
    assert offered(tab, line) == offers


def test_zsh_and_fish_are_offered_the_same(tab: Seat) -> None:
    assert batch(tab) in "\n".join(offered(tab, "regen status ", "zsh"))
    assert [line.split("\t")[0] for line in offered(tab, "regen status @", "fish")] == ["@last"]


def test_a_tab_without_an_answer_offers_nothing(tab: Seat) -> None:
    assert offered(tab, "regen status ", COORDINATOR_URL="http://127.0.0.1:9") == ["@last"]
    assert offered(tab, "regen status ", COORDINATOR_URL="", API_KEY="") == ["@last"]


def test_what_a_shell_would_run_is_never_offered() -> None:
    assert _matching(["good_1", "$(reboot)", "a b", "`x`", 'q"', "@last"], "") == ["good_1", "@last"]
    assert not SAFE.fullmatch("x;y")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str) -> None:
    said = run_command(["completion", shell], {})
    assert said.exit_code == 0
    assert re.search(rf"_REGEN_COMPLETE=complete_{shell}", said.stdout)
    assert run_command(["completion", "tcsh"], {}).exit_code == 2
