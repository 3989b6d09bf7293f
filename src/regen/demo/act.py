"""The demo's second act: a star is ruled out shortly before tip-off, and only the predictions that this touches are made again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from regen.api.batches import WholeBatch
from regen.api.news import NewsScan, SeenNews
from regen.client.moves import Move, of_answer
from regen.client.routes import START
from regen.client.waiting import wait_for_date, wait_for_newer
from regen.data.importer import report_arrives
from regen.demo.evening import Evening
from regen.demo.facts import before
from regen.demo.movers import Mover, movers
from regen.demo.stage import TIMEOUT, Stage, first
from regen.demo.verdict import Statement
from regen.domain.news import NewsKind
from regen.domain.news_deciding import NewsAct

RULED_OUT = {NewsKind.RULED_OUT, NewsKind.LATE_SCRATCH}


class Act(Struct, frozen=True):
    """What became of it.

    Attributes:
        minutes: from the scan to tip-off.
        movers: the team-mates' predictions of the main system, the largest moves first.
        seconds: from the scan to the promotion.
    """

    evening: Evening
    view: WholeBatch
    minutes: int
    movers: Sequence[Mover]
    seconds: float
    statements: Sequence[Statement]

    @property
    def sentence(self) -> str:
        """The act in one sentence."""
        evening, moved = self.evening, [one for one in self.movers if one.has_moved]
        largest = f", {moved[0].player_lookup} most ({moved[0].move:+.2f} points)" if moved else ""
        return (
            f"{evening.star} ({evening.team}, line {evening.line:g}) is out {self.minutes} minutes before tip-off: "
            f"withdrawn; {len(moved)} of {len(self.movers)} team-mates moved{largest}, {self.seconds:.1f} s after the scan"
        )

    def as_record(self) -> dict[str, object]:
        """The figures, as JSON has them."""
        return {
            "game_date": self.evening.day.isoformat(),
            "game_id": self.evening.game.game_id,
            "batch_id": self.view.batch_id,
            "status": self.view.status,
            "star": self.evening.star,
            "team": self.evening.team,
            "minutes_before_tip_off": self.minutes,
            "seconds": self.seconds,
            "movers": [one.as_record() for one in self.movers],
        }


class Seen(Struct, frozen=True):
    """What the tables and the coordinator say after the act.

    Attributes:
        rows: every prediction that was replaced or withdrawn.
        lost: predictions that are neither current, nor replaced, nor withdrawn with a reason.
        kept: predictions that stayed as they were.
    """

    scan: NewsScan
    view: WholeBatch
    rows: Sequence[Move]
    lost: int
    kept: int


def play(stage: Stage, evening: Evening) -> Act:
    """Predict the game, let the report rule the star out, look for news, and wait for what follows.

    Raises:
        FirstRunFailed: the first predictions were not promoted.
        StillLive: the news has opened no batch, or that batch did not end in time.
    """
    day = evening.day
    stage.say(f"second act: first predictions of {evening.game.away} at {evening.game.home}, {day}")
    first(stage, START, [{"game_date": day.isoformat()}])
    known = before(stage.reader, day, day)
    report_arrives(evening.after, stage.loader, [day])
    stage.say(f"the availability report has {evening.star} out; looking for news")
    since, scanned_at = stage.coordinator.newest_at(), stage.now()
    scan = stage.coordinator.scan_news({"game_date": day.isoformat()}).value
    view = _carrier(stage, day, since)
    row = stage.reader.run("standing", first=day, last=day, before=known.newest)[0]
    stood = sum(row[name] for name in ("kept_rows", "replaced_rows", "withdrawn_rows"))
    seen = Seen(scan, view, of_answer(stage.coordinator.moves(view.batch_id)), known.rows - stood, row["kept_rows"])
    return judged(evening, seen, scanned_at)


def _carrier(stage: Stage, day: date, since: datetime) -> WholeBatch:
    """The batch that news has opened, once it has ended."""
    wait_for_newer(stage.coordinator, day.isoformat(), since, timeout=TIMEOUT, every=0.2)
    with stage.watch() as look:
        found = wait_for_date(stage.coordinator, day.isoformat(), timeout=TIMEOUT, look=look)
    return max((one.value for one in found), key=lambda view: view.created_at)


def judged(evening: Evening, seen: Seen, scanned_at: datetime) -> Act:
    """The act, with the statements that must hold."""
    view, own = seen.view, [row for row in seen.rows if row.new_points is None]
    mates = movers([(evening.day, seen.rows)])
    news = next((one for one in seen.scan.news if one.player_lookup == evening.star), None)
    return Act(
        evening=evening,
        view=view,
        minutes=int((evening.start - scanned_at).total_seconds() // 60),
        movers=mates,
        seconds=round(((view.ended_at or view.updated_at) - scanned_at).total_seconds(), 2),
        statements=(
            _found(evening, news),
            Statement(
                view.status == "promoted" and bool(own) and {row.player_lookup for row in own} == {evening.star},
                f"{view.batch_id} is {view.status}: {len(own)} predictions of {evening.star} withdrawn",
            ),
            Statement(
                news is not None and {row.player_lookup for row in seen.rows} == set(news.touched),
                f"{len(mates)} team-mates predicted again, {seen.kept} other predictions stayed as they were, "
                f"{seen.lost} lost",
            ),
            Statement(seen.lost == 0 and seen.kept > 0, "nothing that the news does not touch has changed"),
        ),
    )


def _found(evening: Evening, news: SeenNews | None) -> Statement:
    if news is None:
        return Statement(False, f"the scan for news has found nothing of {evening.star}")
    holds = news.kind in RULED_OUT and news.act == NewsAct.REGENERATE and len(news.touched) > 1
    return Statement(
        holds, f"the scan for news has found {evening.star}: {news.kind}, {len(news.touched)} players touched"
    )
