"""What each route of the coordinator answers, prepared when this module is imported; and an answer beside its struct."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar, cast

import msgspec
from msgspec import Struct

from regen.api.alerts import Alerts
from regen.api.backfills import Backfill, Backfills, Plan, WouldBackfill
from regen.api.batches import Batches, WholeBatch
from regen.api.forms import Form, Record
from regen.api.halts import HaltView, WouldHalt
from regen.api.health import Health, Ready
from regen.api.looks import Findings, Grades, Scan, WouldGrade
from regen.api.models import ModelsInUse, WouldChallenge, WouldUse
from regen.api.moves import ChangedInputs, Moves
from regen.api.news import NewsLog, NewsScan
from regen.api.openings import OpeningAnswer, Ordered, Preview, WouldOrder, WouldWithdraw
from regen.client.errors import NotPromised

T = TypeVar("T")
S = TypeVar("S")

ALERTS = Form(Alerts)
BACKFILL = Form(Backfill)
BACKFILLS = Form(Backfills)
BATCH = Form(WholeBatch)
BATCHES = Form(Batches)
CHANGED_INPUTS = Form(ChangedInputs)
FINDINGS = Form(Findings)
GRADES = Form(Grades)
HALT = Form(HaltView)
HEALTH = Form(Health)
MODELS = Form(ModelsInUse)
MOVES = Form(Moves)
NEWS = Form(NewsLog)
NEWS_SCAN = Form(NewsScan)
OPENING = Form(OpeningAnswer)
ORDERED = Form(Ordered)
PLAN = Form(Plan)
PREVIEW = Form(Preview)
READY = Form(Ready)
SCAN = Form(Scan)
WOULD_BACKFILL = Form(WouldBackfill)
WOULD_GRADE = Form(WouldGrade)
WOULD_HALT = Form(WouldHalt)
WOULD_ORDER = Form(WouldOrder)
WOULD_USE = Form(WouldUse)
WOULD_CHALLENGE = Form(WouldChallenge)
WOULD_WITHDRAW = Form(WouldWithdraw)


class Received(Struct, Generic[T], frozen=True):
    """An answer, or a part of one.

    Attributes:
        value: what it says, as far as this version knows it.
        record: as it came, for programs: with the fields that this version does not know.
    """

    value: T
    record: Record

    def parts(self, values: Sequence[S], name: str) -> list[Received[S]]:
        """The items of one of its lists, each as it came.

        Args:
            values: the list.
            name: of its field.
        """
        records = cast("list[Record]", self.record[name])
        return [Received(one, record) for one, record in zip(values, records, strict=True)]


def received(form: Form[T], record: Record, asked: str) -> Received[T]:
    """Read an answer.

    Args:
        asked: the request, and whether it was carried out, for the error.

    Raises:
        NotPromised: it is not of this form; the field is named.
    """
    try:
        return Received(form.convert(record), record)
    except msgspec.ValidationError as error:
        raise NotPromised(
            f"{asked}: the coordinator's answer is not what this version reads: {error}", "regen doctor"
        ) from error
