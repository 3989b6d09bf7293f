"""The rows of a data folder: box scores, shot zones, bookmakers' lines and availability reports."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from regen.domain.inputs import BEST_RANK


class GameLog(Struct, frozen=True):
    """One player's box score of one game. Counts are None if the file lacks them.

    Attributes:
        home: None where the source does not say.
        minutes: decimal minutes.
        starter: None if the file does not say.
    """

    game_date: date
    game_id: str
    player_lookup: str
    team: str
    opponent: str
    home: bool | None
    minutes: float
    points: int
    season: str
    season_type: str
    player_name: str | None = None
    nba_player_id: str | None = None
    starter: bool | None = None
    position: str | None = None
    rebounds: int | None = None
    assists: int | None = None
    fga: int | None = None
    fgm: int | None = None
    fg3a: int | None = None
    fg3m: int | None = None
    fta: int | None = None
    ftm: int | None = None
    oreb: int | None = None
    dreb: int | None = None
    steals: int | None = None
    blocks: int | None = None
    turnovers: int | None = None
    fouls: int | None = None


class PropLine(Struct, frozen=True):
    """One bookmaker's points line for one player and date, as seen at one time."""

    game_date: date
    player_lookup: str
    bookmaker: str
    line: float
    over_price: int | None = None
    under_price: int | None = None
    captured_at: datetime | None = None
    game_start: datetime | None = None
    rank: int = BEST_RANK
    is_fallback: bool = False


class ShotZones(Struct, frozen=True):
    """Shots attempted and made by zone in one player's game, from a late play-by-play file."""

    game_date: date
    game_id: str
    player_lookup: str
    above_break3_fga: int
    backcourt_fga: int
    corner3_fga: int
    midrange_fga: int
    paint_nonra_fga: int
    paint_ra_fga: int
    above_break3_fgm: int
    backcourt_fgm: int
    corner3_fgm: int
    midrange_fgm: int
    paint_nonra_fgm: int
    paint_ra_fgm: int

    @property
    def fga(self) -> int:
        """All attempts of the game."""
        return (
            self.above_break3_fga
            + self.backcourt_fga
            + self.corner3_fga
            + self.midrange_fga
            + self.paint_nonra_fga
            + self.paint_ra_fga
        )


class InjuryReport(Struct, frozen=True):
    """One player's status on an availability report for a date.

    Attributes:
        status: `out`, `doubtful`, `questionable`, `probable` or `available`.
        reported: the date of the report, or its time.
    """

    game_date: date
    player_lookup: str
    status: str
    team: str | None = None
    reason: str | None = None
    reported: date | None = None
