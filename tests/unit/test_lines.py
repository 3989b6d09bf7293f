"""Which line counts: sound ones of the preferred bookmaker; those set aside are named."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regen.domain.errors import InsufficientData
from regen.domain.estimate import Estimate
from regen.domain.inputs import Line, PlayerInputs, RecentGame, SourceTier
from regen.domain.lines import BEHIND_HOURS, MOVED_HOURS, STALE_HOURS, choose, chosen_lines, sound_lines
from regen.systems.line_blend import LineBlend

TIP_OFF = datetime(2026, 1, 21, 0, 30, tzinfo=UTC)


def before(hours: float) -> datetime:
    return TIP_OFF - timedelta(hours=hours)


def values(*lines: Line, start: datetime | None = TIP_OFF, form: float | None = None) -> list[float]:
    return [line.value for line in choose(lines, start, form).lines]


def warnings(*lines: Line, start: datetime | None = TIP_OFF, form: float | None = None) -> tuple[str, ...]:
    return choose(lines, start, form).warnings


def player(*lines: Line, points: int = 12) -> PlayerInputs:
    day = date(2026, 1, 20)
    games = tuple(
        RecentGame(day - timedelta(days=2 * n), f"g{n}", "AAA", "BBB", True, 30.0, points) for n in range(1, 13)
    )
    return PlayerInputs(
        "p", day, "g0", "AAA", "BBB", True, {}, "v", "h", 90.0, SourceTier.GOLD,
        recent_games=games, lines=lines, game_start=TIP_OFF,
    )  # fmt: skip


def test_bookmakers_count_in_stated_order_then_by_name() -> None:
    assert choose([Line(14.5, "zzz"), Line(15.5, "fanduel"), Line(16.5, "betmgm")]).lines[0].bookmaker == "fanduel"
    assert choose([Line(14.5, "zzz"), Line(13.5, "aaa")]).lines[0].bookmaker == "aaa"
    assert choose([]) == choose([Line(0.0, "fanduel")][:0])


def test_several_lines_of_one_bookmaker_all_count_24_5_beside_25() -> None:
    assert values(Line(25.0, "fanduel"), Line(24.5, "fanduel"), Line(26.5, "betmgm")) == [24.5, 25.0]


def test_of_one_value_the_last_seen_counts() -> None:
    old, new = Line(24.5, "fanduel", -120, None, before(3.5)), Line(24.5, "fanduel", -105, None, before(3))
    assert choose([new, old], TIP_OFF).lines == (new,)


@pytest.mark.parametrize("value", [0.0, -3.5, 24.3, 80.5, float("nan"), float("inf")])
def test_impossible_line_is_named_and_the_next_book_counts(value: float) -> None:
    lines = [Line(value, "draftkings"), Line(14.5, "betmgm")]
    assert values(*lines) == [14.5]
    assert warnings(*lines) == (f"line_unusable:draftkings:{value}",)


def test_a_line_of_the_day_before_yesterday_is_stale() -> None:
    lines = [Line(14.5, "draftkings", captured_at=before(STALE_HOURS + 0.1))]
    assert values(*lines) == []
    assert warnings(*lines) == ("line_stale:draftkings:14.5",)
    assert values(Line(14.5, "draftkings", captured_at=before(STALE_HOURS - 0.1))) == [14.5]
    assert values(*lines, start=None) == [14.5]
    assert values(Line(14.5, "draftkings")) == [14.5]


def test_a_line_far_behind_what_others_offer_is_stale() -> None:
    lines = [
        Line(14.5, "draftkings", captured_at=before(BEHIND_HOURS + 2.1)),
        Line(16.5, "betmgm", captured_at=before(2)),
    ]
    for start in (TIP_OFF, None):
        assert values(*lines, start=start) == [16.5]
        assert warnings(*lines, start=start) == ("line_stale:draftkings:14.5",)


def test_a_line_that_moved_leaves_its_old_value_behind() -> None:
    moved = Line(24.5, "fanduel", captured_at=before(3 + MOVED_HOURS + 0.1))
    assert values(moved, Line(25.5, "fanduel", captured_at=before(3))) == [25.5]
    assert warnings(moved, Line(25.5, "fanduel", captured_at=before(3))) == ("line_stale:fanduel:24.5",)


def test_twenty_written_for_everybody_is_a_placeholder() -> None:
    lines = [Line(20.0, "draftkings"), Line(9.5, "betmgm"), Line(10.5, "fanduel")]
    assert values(*lines) == [10.5]
    assert warnings(*lines) == ("line_placeholder:draftkings:20.0",)
    assert values(Line(20.0, "draftkings"), Line(20.0, "fanduel"), form=9.0) == []
    assert values(Line(20.0, "draftkings"), Line(10.5, "draftkings")) == [10.5]


def test_twenty_is_a_line_where_something_bears_it_out() -> None:
    assert values(Line(20.0, "draftkings"), Line(19.5, "fanduel"), form=9.0) == [20.0]
    assert values(Line(20.0, "draftkings"), form=22.4) == [20.0]
    assert values(Line(20.0, "draftkings")) == [20.0]
    assert values(Line(20.5, "draftkings"), Line(10.5, "fanduel")) == [20.5]


def test_a_stale_line_bears_nothing_out() -> None:
    lines = [Line(20.0, "draftkings", captured_at=before(2)), Line(19.5, "fanduel", captured_at=before(30))]
    assert values(*lines, form=9.0) == []
    assert set(warnings(*lines, form=9.0)) == {"line_placeholder:draftkings:20.0", "line_stale:fanduel:19.5"}


def test_the_form_is_the_players_own() -> None:
    assert chosen_lines(player(Line(20.0, "fanduel"), points=9)).lines == ()
    assert [line.value for line in chosen_lines(player(Line(20.0, "fanduel"), points=19)).lines] == [20.0]


def test_the_line_system_leaves_placeholders_out_too() -> None:
    others = {"ensemble_v1": Estimate(10.0, 5.0, 50.0)}
    with_one = player(Line(20.0, "draftkings"), Line(9.5, "betmgm"))
    assert sound_lines(with_one) == (Line(9.5, "betmgm"),)
    assert LineBlend().signals(with_one, others)["line"] == 9.5
    with pytest.raises(InsufficientData, match="no bookmaker"):
        LineBlend().signals(player(Line(20.0, "draftkings")), others)


_LINES = st.builds(
    Line,
    st.sampled_from([9.5, 19.5, 20.0, 24.5, 25.0, 24.3, 90.0]),
    st.sampled_from(["draftkings", "fanduel", "aaa"]),
    captured_at=st.none() | st.floats(-2, 60).map(before),
)


@given(st.lists(_LINES, max_size=6), st.none() | st.just(TIP_OFF), st.none() | st.floats(0, 40))
def test_every_offered_line_is_used_or_accounted_for(
    lines: list[Line], start: datetime | None, form: float | None
) -> None:
    chosen = choose(lines, start, form)
    assert len({line.bookmaker for line in chosen.lines}) <= 1
    assert [line.value for line in chosen.lines] == sorted({line.value for line in chosen.lines})
    named = {warning.split(":", 1)[1] for warning in chosen.warnings}
    for line in lines:
        taken = any((line.value, line.bookmaker) == (c.value, c.bookmaker) for c in chosen.lines)
        other = bool(chosen.lines) and line.bookmaker != chosen.lines[0].bookmaker
        assert taken or other or f"{line.bookmaker}:{line.value}" in named


def test_the_best_source_comes_before_the_preferred_bookmaker() -> None:
    """The predecessor's order: FanDuel by the Odds API before DraftKings by BettingPros."""
    offers = (Line(20.5, "draftkings", rank=3), Line(21.5, "betmgm", rank=4), Line(19.5, "fanduel", rank=2))
    assert [line.bookmaker for line in choose(offers).lines] == ["fanduel"]
    assert [line.bookmaker for line in choose(offers[:2]).lines] == ["draftkings"]


@pytest.mark.parametrize("name", ["BettingPros Consensus", "bettingprosconsensus", "average", "estimated_avg"])
def test_an_average_is_set_aside_and_named(name: str) -> None:
    found = choose((Line(20.5, name), Line(21.5, "fanduel")))
    assert [line.bookmaker for line in found.lines] == ["fanduel"]
    assert found.warnings == (f"line_average:{name}:20.5",)
