"""Tables, moves, and the demo's verdict: pure values to text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from regen.cli.output import Output, cell, columns, some
from regen.cli.progress import describe
from regen.client.moves import Move, moves, of_rows
from regen.client.reader import date_of
from regen.demo.facts import Before, Facts
from regen.demo.verdict import sentence, statements
from support.fake_coordinator import whole


def test_tables_are_not_truncated_in_pipes(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table(columns("a:first n::n"), [{"a": "x" * 200, "n": 1.5}, {"a": None, "n": 2}])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [["first", "n"], ["x" * 200, "1.5"], ["-", "2"]]


def test_empty_table_says_so_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    Output().table(columns("a"), [])
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "nothing to show\n")


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (True, "yes"), (1.0, "1"), (12.3456, "12.346"), (["a", "b"], "a, b"), ({"a": 1}, '{"a":1}')],
)
def test_cell_formats_each_kind_of_value(value: object, text: str) -> None:
    assert cell(value) == text


def test_long_list_of_names_is_shortened() -> None:
    assert some(["a", "b", "c"], 2) == "a, b and 1 more"


def test_batch_is_summarised_in_one_line() -> None:
    assert describe(whole()) == (
        "2026-01-20: Promoted: new predictions of 3 of 4 players; 21 rows superseded, 21 inserted."
    )
    assert describe(whole(status="running")) == "2026-01-20 running: 4/4 done, 1 failed, 0 skipped"


def test_date_is_read_from_a_batch_id() -> None:
    assert date_of("regen_2026-01-20_bdb_upgrade_ab12").isoformat() == "2026-01-20"


def _row(player: str, system: str, old: float, new: float | None, sides: str = "OVER OVER") -> Move:
    before, after = sides.split()
    row = {"player_lookup": player, "system_id": system, "old_points": old, "new_points": new}
    (move,) = of_rows([{**row, "old_recommendation": before, "new_recommendation": after}])
    return move


def test_moves_are_summarised_by_player() -> None:
    rows = [
        _row("ann", "ensemble_v1", 20.0, 22.0, "UNDER OVER"),
        _row("ann", "moving_average", 20.0, 16.0, "PASS UNDER"),
        _row("bob", "ensemble_v1", 10.0, 10.0),
        _row("cid", "ensemble_v1", 10.0, None),
    ]
    found = moves(rows)
    assert (found.replaced, found.withdrawn, found.changed, found.flips, found.other_changes) == (3, 1, 2, 1, 1)
    assert (found.mean_move, found.mean_size) == (-0.667, 2.0)
    assert found.largest is rows[1]
    assert [(p.player_lookup, p.move, p.largest, p.flips) for p in found.players] == [
        ("ann", 2.0, -4.0, 1),
        ("bob", 0.0, 0.0, 0),
    ]
    assert found.players[0].move == 2.0


def test_moves_without_rows_are_empty() -> None:
    assert moves([]).as_record()["largest"] is None


def _facts(old: int = 21, **standing: int) -> Facts:
    row = {"old_rows": 21, "kept_rows": 0, "replaced_rows": 21, "withdrawn_rows": 0, "new_rows": 21, "current_rows": 21}
    row |= {"current_players": 3, "doubled_keys": 0, **standing}
    end = {
        "batch_id": whole().batch_id,
        "event": "promoted",
        "superseded_count": 21,
        "regenerated_count": 21,
        "error": None,
    }
    day = "2026-01-20"
    return Facts(Before(datetime(2026, 1, 20, tzinfo=UTC), old), {day: row}, {day: [end]}, {day: 95.0})


def test_verdict_of_a_good_run_has_its_counts() -> None:
    found = statements([whole()], _facts(), damaged=False)
    assert all(statement.holds for statement in found)
    said = sentence([whole()], _facts(), 4.0, passed=True)
    assert said == (
        "OK: 1 of 1 dates promoted, 3 players have current predictions, 21 old ones superseded, each with a replacement, "
        "21 inserted, 1 audit rows, nothing lost, 4.0 s."
    )


@pytest.mark.parametrize(
    "facts",
    [
        _facts(old=22),
        _facts(replaced_rows=20),
        _facts(doubled_keys=1),
        _facts(new_rows=20),
    ],
    ids=["a row is gone", "no replacement", "double", "fewer than the batch says"],
)
def test_verdict_names_faults_in_the_tables(facts: Facts) -> None:
    assert not all(statement.holds for statement in statements([whole()], facts, damaged=False))


def _rejected_facts(**standing: int) -> Facts:
    facts = _facts(kept_rows=21, replaced_rows=0, new_rows=0, **standing)
    end = {"batch_id": whole().batch_id, "event": "rejected", "error": "checks failed: coverage"}
    return Facts(facts.before, facts.standing, {"2026-01-20": [end]}, facts.coverage)


def test_rejection_passes_only_where_it_was_expected() -> None:
    rejected = whole(status="rejected")
    assert all(s.holds for s in statements([rejected], _rejected_facts(), damaged=True))
    assert not all(s.holds for s in statements([rejected], _rejected_facts(), damaged=False))
    assert "21 stayed as they were" in sentence([rejected], _rejected_facts(), 1.0, passed=True)


def test_rejection_for_another_reason_fails_the_demo() -> None:
    rejected = whole(status="rejected", verdict={"passed": False, "failed": ["in_range"], "accepted": [], "checks": []})
    assert not all(s.holds for s in statements([rejected], _rejected_facts(), damaged=True))
