"""The coordinator, route by route. Its answers are read into their structs here, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import quote

from regen.api.alerts import Alert
from regen.api.backfills import Backfill, ListedBackfill, Plan, WouldBackfill
from regen.api.batches import Batches, ListedBatch, Waiting, WholeBatch
from regen.api.forms import Form
from regen.api.halts import HaltView, WouldHalt
from regen.api.health import Health, Ready
from regen.api.looks import Grades, Scan, WouldGrade
from regen.api.models import ModelsInUse, WouldChallenge, WouldUse
from regen.api.moves import ChangedInputs, Moves
from regen.api.news import NewsLog, NewsScan
from regen.api.openings import OpeningAnswer, Ordered, Preview, WouldOrder, WouldWithdraw
from regen.client import answers
from regen.client.answers import Received, received
from regen.client.http import Connection
from regen.client.routes import WITHDRAW
from regen.client.summary import halt_sentence
from regen.domain.invariants import Finding

T = TypeVar("T")
Body = Mapping[str, object]

PAGE = 200
"""At most so many batches come in one answer."""
DRY = {"dry_run": True}
"""What makes of an order the question what it would do."""
BEFORE_ALL = datetime.min.replace(tzinfo=UTC)
"""A moment before that of any batch."""


class Coordinator(Connection, frozen=True):
    """The coordinator at a URL. A body is sent as it is given; those of `would_...` and `plan` with `dry_run`.

    Raises:
        Problem: the answer is an error.
        Unreachable: there is no answer.
        NotPromised: the answer is not what this version reads.
    """

    def read(self, form: Form[T], path: str, **query: str | None) -> Received[T]:
        """Read."""
        return received(form, self.get(path, **query), f"GET {path}")

    def give(self, form: Form[T], path: str, body: Body, key: str | None = None) -> Received[T]:
        """Give an order under an idempotency key, so that it can be repeated and is still carried out once."""
        asked = f"POST {path}" if body.get("dry_run") else f"POST {path} was carried out"
        return received(form, self.post_keyed(path, body, key), asked)

    def would(self, form: Form[T], path: str, body: Body) -> Received[T]:
        """What an order would do; nothing is done."""
        return self.give(form, path, {**body, **DRY})

    # what is read

    def health(self) -> Received[Health]:
        """That it is alive."""
        return self.read(answers.HEALTH, "/health")

    def ready(self) -> Received[Ready]:
        """Whether its dependencies answer, and the signs of life."""
        return self.read(answers.READY, "/ready")

    def batch(self, batch_id: str) -> Received[WholeBatch]:
        """A batch in full."""
        return self.read(answers.BATCH, f"/batches/{_quoted(batch_id)}")

    def batches(
        self,
        game_date: str | None = None,
        status: str | None = None,
        *,
        first: str | None = None,
        last: str | None = None,
        most: int = PAGE,
    ) -> list[Received[ListedBatch]]:
        """Batches, newest first; page after page where more than one are wanted.

        Args:
            status: one, or several with commas.
            first: first game date of a range, with `last`.
        """
        found: list[Received[ListedBatch]] = []
        cursor: str | None = None
        while len(found) < most:
            query = {"game_date": game_date, "status": status, "from": first, "to": last, "cursor": cursor}
            page = self._listed(**query)
            found += page.parts(page.value.batches, "batches")
            if cursor is None and page.value.halt:
                self.tell(halt_sentence(page.value.halt))
            if (cursor := page.value.next) is None:
                break
        return found[:most]

    def on_date(self, game_date: str) -> tuple[list[ListedBatch], list[Waiting]]:
        """The batches of a date, newest first, and the triggers that wait on it for a batch to carry them."""
        found = self._listed(game_date=game_date).value
        return found.batches, found.waiting or []

    def newest_at(self) -> datetime:
        """The moment at which the newest batch of all dates was created; BEFORE_ALL if there is none."""
        found = self._listed(limit="1").value.batches
        return (found[0].created_at if found else None) or BEFORE_ALL

    def carrying(self, trigger_id: str) -> list[ListedBatch]:
        """The batches that carry a trigger, newest first."""
        return self._listed(trigger_id=trigger_id).value.batches

    def _listed(self, **query: str | None) -> Received[Batches]:
        return self.read(answers.BATCHES, "/batches", **query)

    def moves(self, batch_id: str) -> Received[Moves]:
        """What a batch would move, or moved."""
        return self.read(answers.MOVES, f"/batches/{_quoted(batch_id)}/moves")

    def changed_inputs(self, batch_id: str, before: Sequence[str]) -> ChangedInputs:
        """What changed between the inputs of earlier batches of the date and those of this one; at most five are asked for."""
        path = f"/batches/{_quoted(batch_id)}/changed-inputs"
        return self.read(answers.CHANGED_INPUTS, path, before=",".join(before)).value

    def backfills(self, cursor: str | None = None) -> tuple[list[Received[ListedBackfill]], str | None]:
        """A page of backfills, newest first, and the cursor of the next one; each has every date of its range."""
        page = self.read(answers.BACKFILLS, "/backfills", cursor=cursor)
        return page.parts(page.value.backfills, "backfills"), page.value.next or None

    def backfill(self, backfill_id: str) -> Received[Backfill]:
        """A backfill, date by date."""
        return self.read(answers.BACKFILL, f"/backfills/{_quoted(backfill_id)}")

    def alerts(self, limit: int, *, only_open: bool = False) -> list[Received[Alert]]:
        """Alerts, newest first."""
        page = self.read(answers.ALERTS, "/alerts", limit=str(limit), open="true" if only_open else None)
        return page.parts(page.value.alerts, "alerts")

    def halt(self) -> HaltView:
        """Whether the platform opens batches."""
        return self.read(answers.HALT, "/halt").value

    def models(self) -> Received[ModelsInUse]:
        """Which models are in use."""
        return self.read(answers.MODELS, "/models")

    def news(self, game_date: str) -> Received[NewsLog]:
        """What is on record of a date's news."""
        return self.read(answers.NEWS, "/news", game_date=game_date)

    def findings(self, body: Body) -> list[Finding]:
        """What each invariant of the tables finds."""
        return received(answers.FINDINGS, self.post("/checks", body), "POST /checks").value.findings

    # orders, and what they would do

    def start(self, path: str, body: Body) -> Received[OpeningAnswer]:
        """Ask for a batch; the path is one of `client.routes`."""
        return self.give(answers.OPENING, path, body)

    def would_start(self, path: str, body: Body) -> Received[Preview]:
        """What such a request would do; a withdrawal apart."""
        return self.would(answers.PREVIEW, path, body)

    def would_withdraw(self, body: Body) -> Received[WouldWithdraw]:
        """What a withdrawal would do."""
        return self.would(answers.WOULD_WITHDRAW, WITHDRAW, body)

    def order(self, batch_id: str, act: str, body: Body) -> Received[Ordered]:
        """Cancel, close, redrive, promote or rollback."""
        return self.give(answers.ORDERED, f"/batches/{_quoted(batch_id)}/{act}", body)

    def would_order(self, batch_id: str, act: str, body: Body) -> Received[WouldOrder]:
        """The step that such an order would take."""
        return self.would(answers.WOULD_ORDER, f"/batches/{_quoted(batch_id)}/{act}", body)

    def start_backfill(self, body: Body) -> Received[Backfill]:
        """Ask for a range of dates."""
        return self.give(answers.BACKFILL, "/backfills", body)

    def plan(self, body: Body) -> Received[Plan]:
        """What would become of each date of a range."""
        return self.would(answers.PLAN, "/backfills", body)

    def order_backfill(self, backfill_id: str, act: str, body: Body) -> Received[Backfill]:
        """Pause, resume or cancel."""
        return self.give(answers.BACKFILL, f"/backfills/{_quoted(backfill_id)}/{act}", body)

    def would_order_backfill(self, backfill_id: str, act: str, body: Body) -> Received[WouldBackfill]:
        """How a backfill would stand after such an order."""
        return self.would(answers.WOULD_BACKFILL, f"/backfills/{_quoted(backfill_id)}/{act}", body)

    def order_platform(self, act: str, body: Body) -> Received[HaltView]:
        """Halt or resume."""
        return self.give(answers.HALT, f"/{act}", body)

    def would_order_platform(self, act: str, body: Body) -> Received[WouldHalt]:
        """What such an order would do."""
        return self.would(answers.WOULD_HALT, f"/{act}", body)

    def use(self, act: str, body: Body) -> Received[ModelsInUse]:
        """Use a model, or roll back to the one before."""
        return self.give(answers.MODELS, f"/models/{act}", body)

    def would_use(self, act: str, body: Body) -> Received[WouldUse]:
        """What such an order would do."""
        return self.would(answers.WOULD_USE, f"/models/{act}", body)

    def challenge(self, body: Body) -> Received[ModelsInUse]:
        """Make something a challenger, or end that."""
        return self.give(answers.MODELS, "/models/challenge", body)

    def would_challenge(self, body: Body) -> Received[WouldChallenge]:
        """What such an order would do."""
        return self.would(answers.WOULD_CHALLENGE, "/models/challenge", body)

    def scan(self, body: Body) -> Received[Scan]:
        """Look for late data."""
        return self.give(answers.SCAN, "/bdb/scan", body)

    def scan_news(self, body: Body) -> Received[NewsScan]:
        """Look for news."""
        return self.give(answers.NEWS_SCAN, "/news/scan", body)

    def grade(self, body: Body) -> Received[Grades]:
        """Grade played dates."""
        return self.give(answers.GRADES, "/grades", body)

    def would_grade(self, body: Body) -> Received[WouldGrade]:
        """The dates that would be graded."""
        return self.would(answers.WOULD_GRADE, "/grades", body)


def _quoted(name: str) -> str:
    return quote(name, safe="", errors="replace")
