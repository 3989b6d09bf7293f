"""The slate of a date knows nothing of the date's box scores but who plays whom."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from regen.data.rosters import ROSTER_GAMES, Rosters
from regen.data.slates import Game, RosteredSlate, SlatePlayer, schedule
from regen.features.records import GameLog, InjuryReport, PropLine

DAY = date(2026, 1, 10)
START = datetime(2026, 1, 11, 0, 30, tzinfo=UTC)
GAME = Game("g9", DAY, "HOM", "AWY")


def log(player: str, team: str, day: date, minutes: float = 20.0, **more: object) -> GameLog:
    values: dict[str, object] = {
        "game_date": day,
        "game_id": f"g-{day}-{team}",
        "player_lookup": player,
        "team": team,
        "opponent": "OTH",
        "home": True,
        "minutes": minutes,
        "points": 10,
        "season": "2025-26",
        "season_type": "regular",
        "player_name": player.title(),
    }
    return GameLog(**{**values, **more})  # type: ignore[arg-type]


def line(player: str, value: float = 10.5, book: str = "draftkings", start: datetime | None = START) -> PropLine:
    return PropLine(DAY, player, book, value, -110, -110, START - timedelta(hours=2), start)


def fed(*logs: GameLog) -> Rosters:
    rosters = Rosters()
    for day in sorted({row.game_date for row in logs}):
        rosters.play([row for row in logs if row.game_date == day])
    return rosters


def names(slate: RosteredSlate) -> list[str]:
    return [player.player_lookup for player in slate.players]


def test_players_come_from_earlier_games_of_the_teams_that_play() -> None:
    rosters = fed(log("ann", "HOM", DAY - timedelta(3)), log("bob", "AWY", DAY - timedelta(2)))
    slate = rosters.slate(DAY, [GAME])
    assert names(slate) == ["bob", "ann"]
    ann = slate.players[1]
    assert (ann.team, ann.opponent, ann.home, ann.days_rest, ann.minutes_last_7) == ("HOM", "AWY", True, 2, 20.0)
    assert (ann.player_name, ann.status) == ("Ann", "unknown")


def test_the_schedule_reads_teams_only() -> None:
    logs = [
        log("ann", "HOM", DAY, game_id="g9", opponent="AWY"),
        log("bob", "AWY", DAY, game_id="g9", opponent="HOM", home=False),
    ]
    assert schedule(logs) == schedule(logs[:1]) == schedule(logs[1:]) == (GAME,)


def test_a_slate_after_its_own_box_scores_is_refused() -> None:
    with pytest.raises(ValueError, match="must not know"):
        fed(log("ann", "HOM", DAY)).slate(DAY, [GAME])


def test_box_scores_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="after those of"):
        fed(log("ann", "HOM", DAY)).play([log("ann", "HOM", DAY - timedelta(1))])


def test_a_traded_player_belongs_to_his_latest_team() -> None:
    rosters = fed(log("ann", "HOM", DAY - timedelta(5)), log("ann", "AWY", DAY - timedelta(3)))
    (ann,) = rosters.slate(DAY, [GAME]).players
    assert ann.team == "AWY"
    assert names(rosters.slate(DAY, [Game("g8", DAY, "HOM", "OTH")])) == []


def test_a_report_places_a_player_before_he_played_there() -> None:
    rosters = fed(log("ann", "OTH", DAY - timedelta(5)))
    slate = rosters.slate(DAY, [GAME], injuries=[InjuryReport(DAY, "ann", "questionable", "HOM", "Knee")])
    (ann,) = slate.players
    assert (ann.team, ann.status, ann.status_reason) == ("HOM", "questionable", "Knee")


def test_inactive_player_leaves_slate_unless_lined_or_reported() -> None:
    regular = [log("bob", "HOM", DAY - timedelta(2 * n)) for n in range(1, ROSTER_GAMES + 1)]
    rosters = fed(log("ann", "HOM", DAY - timedelta(60)), *regular)
    assert names(rosters.slate(DAY, [GAME])) == ["bob"]
    assert names(rosters.slate(DAY, [GAME], [line("ann")])) == ["ann", "bob"]
    report = [InjuryReport(DAY, "ann", "out", "HOM")]
    assert names(rosters.slate(DAY, [GAME], injuries=report)) == ["ann", "bob"]


def test_absence_from_an_injury_report_means_available() -> None:
    rosters = fed(
        log("ann", "HOM", DAY - timedelta(1)),
        log("bob", "HOM", DAY - timedelta(1)),
        log("cy", "AWY", DAY - timedelta(1)),
    )
    slate = rosters.slate(DAY, [GAME], injuries=[InjuryReport(DAY, "bob", "out", "HOM")])
    statuses = {player.player_lookup: player.status for player in slate.players}
    assert statuses == {"ann": "available", "bob": "out", "cy": "unknown"}


def test_minutes_are_of_the_last_seven_appearances() -> None:
    logs = [log("ann", "HOM", DAY - timedelta(20 - n), minutes) for n, minutes in enumerate([40.0] + [10.0] * 7)]
    (ann,) = fed(*logs).slate(DAY, [GAME]).players
    assert ann.minutes_last_7 == 10.0


def test_the_start_is_what_most_lines_say() -> None:
    rosters = fed(log("ann", "HOM", DAY - timedelta(1)), log("bob", "AWY", DAY - timedelta(1)))
    other = START + timedelta(hours=1)
    lines = [line("ann"), line("ann", book="fanduel"), line("bob", start=other)]
    slate = rosters.slate(DAY, [GAME], lines)
    assert {player.game.start for player in slate.players} == {START}
    assert rosters.slate(DAY, [GAME]).players[0].game.start is None


def test_a_lined_player_nobody_can_place_is_named() -> None:
    slate = fed(log("ann", "OTH", DAY - timedelta(1))).slate(DAY, [GAME], [line("ann"), line("zed")])
    assert (slate.players, slate.unplaced) == ((), ("ann", "zed"))


@pytest.mark.parametrize(
    ("minutes", "lined", "status", "requested"),
    [
        (15.0, False, "unknown", True),
        (14.99, False, "available", False),
        (5.0, True, "questionable", True),
        (30.0, True, "out", False),
        (30.0, True, "doubtful", False),
        (None, False, "available", False),
        (None, True, "available", True),
    ],
)
def test_who_would_be_requested(minutes: float | None, lined: bool, status: str, requested: bool) -> None:  # noqa: FBT001
    player = SlatePlayer(GAME, "ann", "Ann", "HOM", (line("ann"),) if lined else (), minutes, None, status)
    assert bool(RosteredSlate(DAY, (GAME,), (player,)).requested()) is requested
