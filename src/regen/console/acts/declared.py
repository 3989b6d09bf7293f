"""The orders that a person can give, each with its options, its order to the coordinator, and its question in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from msgspec import Struct

from regen.api.backfills import Backfill, Plan, WouldBackfill
from regen.api.batches import WholeBatch
from regen.api.forms import Form
from regen.api.halts import WouldHalt
from regen.api.looks import Scan, WouldGrade
from regen.api.openings import WouldOrder
from regen.client.answers import (
    PLAN,
    PREVIEW,
    SCAN,
    WOULD_BACKFILL,
    WOULD_GRADE,
    WOULD_HALT,
    WOULD_ORDER,
    WOULD_WITHDRAW,
)
from regen.client.backfills import backfill_sentence
from regen.client.errors import Misused
from regen.client.standing import verdict_record
from regen.client.summary import opening_sentence, order_sentence, scan_sentence, withdrawal_sentence
from regen.console.ports import Order
from regen.console.site import Site, as_day, as_id
from regen.domain.backfill import DEFAULT_CONCURRENT, MAX_CONCURRENT, Only
from regen.domain.checks.waivers import failed_checks
from regen.domain.dates import parse_game_date
from regen.domain.values import replace
from regen.domain.withdrawal import REASONS
from regen.domain.words import counted

T = TypeVar("T")
Options = Mapping[str, str]


class Field(Struct, frozen=True):
    """An option of an act.

    Attributes:
        kind: of the input: text, date, number, choice, flag; `hidden` where the page that links here names it.
        pattern: what a text must look like, as the browser checks it.
    """

    name: str
    label: str
    kind: str = "text"
    required: bool = False
    choices: Sequence[str] = ()
    default: str = ""
    hint: str = ""
    pattern: str = ""


class Prepared(Struct, frozen=True):
    """An order that is ready to be previewed.

    Attributes:
        typed: the date that a person types before it is given; None where none is asked for.
        accept: failed checks that are accepted one by one.
        where: the address after it was given; `{batch_id}` and `{backfill_id}` are the answer's.
    """

    order: Order
    where: str
    typed: str | None = None
    accept: Sequence[str] = ()
    batch: WholeBatch | None = None
    backfill: Backfill | None = None


class Act(Struct, Generic[T], frozen=True):
    """A kind of order.

    Attributes:
        note: the field of the coordinator's body that keeps the reason; `metadata` keeps it as `note`, None nowhere.
        form: of the coordinator's preview.
        says: what it would do, from its preparation and the coordinator's preview.
    """

    word: str
    title: str
    fields: Sequence[Field]
    prepare: Callable[[Site, Options], Prepared]
    form: Form[T]
    says: Callable[[Prepared, T], str]
    note: str | None = "reason"
    verb: str = "Give the order"

    def with_reason(self, order: Order, reason: str) -> Order:
        """The order with a person's reason, where the coordinator keeps it."""
        if self.note is None:
            return order
        if self.note == "metadata":
            known = order.body.get("metadata")
            metadata = {**(known if isinstance(known, Mapping) else {}), "note": reason}
            return replace(order, body={**order.body, "metadata": metadata})
        return replace(order, body={**order.body, self.note: reason})


SLUG = "[a-z][a-z0-9_]{0,39}"
_BATCH = Field("batch", "Batch", "hidden", required=True)
_BACKFILL = Field("backfill", "Backfill", "hidden", required=True)
_DATE = Field("date", "Game date", "date", required=True)
SCOPES = ("all", "missing", "players", "systems", "games")


def names(text: str) -> list[str]:
    """Names with commas or spaces between them, each once."""
    return list(dict.fromkeys(text.replace(",", " ").split()))


def _start(site: Site, options: Options) -> Prepared:
    body: dict[str, object] = {"game_date": as_day(options["date"]).isoformat()}
    if minutes := options.get("min_minutes"):
        try:
            body["min_minutes"] = float(minutes)
        except ValueError as error:
            raise Misused(f"least average minutes: expected a number from 0 to 48, not {minutes[:20]}") from error
    if options.get("force"):
        body["force"] = True
    return Prepared(Order("/start", body), "/batches/{batch_id}")


def _regenerate(site: Site, options: Options) -> Prepared:
    day = as_day(options["date"])
    body: dict[str, object] = {"game_date": day.isoformat(), "reason": options.get("why") or "feature_upgrade"}
    scope = options.get("scope") or "all"
    if scope == "missing":
        seen = site.memory.look(site.coverage(day, "now"))
        found = (seen.value or [{}])[0].get("missing_players") or []
        if seen.value is None:
            raise Misused(f"who is missing cannot be read: {seen.error}")
        if not found:
            raise Misused(f"nobody is missing on {day}: choose another scope")
        body["players"] = list(found)
    elif scope != "all":
        if not (wanted := names(options.get("names", ""))):
            raise Misused(f"which {scope}? Write their names, with commas")
        body[scope] = wanted
    if options.get("hold"):
        body["hold"] = True
    return Prepared(Order("/regenerate-with-supersede", body), "/batches/{batch_id}")


def _withdraw(site: Site, options: Options) -> Prepared:
    day = as_day(options["date"]).isoformat()
    whom = options.get("whom") or "games"
    if not (wanted := names(options.get("names", ""))):
        raise Misused(f"which {whom}? Write their names, with commas")
    body: dict[str, object] = {"game_date": day, "reason": options.get("why") or REASONS[0], whom: wanted}
    return Prepared(Order("/withdrawals", body), "/batches/{batch_id}", typed=day)


def _platform(word: str) -> Callable[[Site, Options], Prepared]:
    # The dry run of a halt wants a reason, too; the person's takes its place.
    return lambda _, __: Prepared(Order(f"/{word}", {"reason": "a look before the order"}), "/alerts")


def _platform_says(what: str) -> Callable[[Prepared, WouldHalt], str]:
    def says(_: Prepared, preview: WouldHalt) -> str:
        waits = f"; triggers of {counted(preview.waiting, 'date')} wait" if preview.waiting else ""
        return f"would {what}{waits}"

    return says


def _on_batch(word: str) -> Callable[[Site, Options], Prepared]:
    def prepare(site: Site, options: Options) -> Prepared:
        name = as_id(options["batch"])
        view = site.records.batch(name)
        body: dict[str, object] = {}
        accept: Sequence[str] = ()
        if word == "promote":
            accept = list(failed_checks(verdict_record(view)))
            body["checks"] = accept
        typed = str(view.game_date) if word in {"promote", "rollback"} else None
        return Prepared(Order(f"/batches/{quote(name)}/{word}", body), f"/batches/{name}", typed, accept, batch=view)

    return prepare


def _order_says(word: str) -> Callable[[Prepared, WouldOrder], str]:
    def says(prepared: Prepared, preview: WouldOrder) -> str:
        if preview.would == "nothing" or prepared.batch is None:
            return preview.why
        return f"would {order_sentence(word, prepared.batch, prepared.accept)}"

    return says


def _backfill(site: Site, options: Options) -> Prepared:
    body: dict[str, object] = {
        "from": parse_game_date(options["from"], field="from").isoformat(),
        "to": parse_game_date(options["to"], field="to").isoformat(),
        "reason": options.get("why") or "backfill",
        "only": options.get("only") or Only.ALL.value,
        "max_concurrent_dates": _whole(options.get("concurrent") or str(DEFAULT_CONCURRENT)),
    }
    if options.get("backwards"):
        body["backwards"] = True
    return Prepared(Order("/backfills", body), "/backfills/{backfill_id}")


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise Misused(f"Dates at once: expected a whole number from 1 to {MAX_CONCURRENT}, not {text[:20]}")
    return int(text)


def _backfill_says(prepared: Prepared, preview: Plan) -> str:
    meant = [day for day in preview.dates if day.status == "waiting"]
    players = counted(sum(day.expected_players or 0 for day in meant), "player")
    return f"would regenerate {len(meant)} of {counted(len(preview.dates), 'date')}, about {players}"


def _on_backfill(word: str) -> Callable[[Site, Options], Prepared]:
    def prepare(site: Site, options: Options) -> Prepared:
        name = as_id(options["backfill"])
        view = site.records.backfill(name)
        return Prepared(Order(f"/backfills/{quote(name)}/{word}", {}), f"/backfills/{name}", backfill=view)

    return prepare


def _on_backfill_says(word: str) -> Callable[[Prepared, WouldBackfill], str]:
    def says(prepared: Prepared, preview: WouldBackfill) -> str:
        view = prepared.backfill or preview
        waiting = sum(day.status == "waiting" for day in view.dates)
        under_way = sum(day.status in {"opening", "running"} for day in view.dates)
        return (
            f"would {word} {view.backfill_id}: it would be {preview.would_be}; waiting: {waiting}; under way, which come to "
            f"their end in any case: {under_way}; now {backfill_sentence(view)}"
        )

    return says


def _scan(site: Site, options: Options) -> Prepared:
    return Prepared(Order("/bdb/scan", {}), "/late-data")


def _scan_says(prepared: Prepared, preview: Scan) -> str:
    return scan_sentence(preview, "nothing is awaited", dry_run=True)


def _grade(site: Site, options: Options) -> Prepared:
    first, last = as_day(options["from"]).isoformat(), as_day(options["to"]).isoformat()
    return Prepared(Order("/grades", {"from": first, "to": last}), f"/accuracy?until={last}")


def _grade_says(prepared: Prepared, preview: WouldGrade) -> str:
    return f"would grade the current predictions of {counted(len(preview.dates), 'date')}"


def _orders_on(word: str, title: str, verb: str) -> Act[WouldOrder]:
    return Act(word, title, (_BATCH,), _on_batch(word), WOULD_ORDER, _order_says(word), verb=verb)


def _orders_on_backfill(word: str, title: str, verb: str) -> Act[WouldBackfill]:
    name = f"{word}-backfill"
    return Act(name, title, (_BACKFILL,), _on_backfill(word), WOULD_BACKFILL, _on_backfill_says(word), verb=verb)


_WHY = Field("why", "Reason in one word", default="", hint="lower-case letters, digits and _", pattern=SLUG)
_RANGE = (Field("from", "From", "date", required=True), Field("to", "To", "date", required=True))
ACTS: Mapping[str, Act[Any]] = {
    act.word: act
    for act in (
        Act(
            "start",
            "Start a date",
            (
                _DATE,
                Field("min_minutes", "Least average minutes", "number", hint="empty: the setting's"),
                Field("force", "Even if the date has been promoted before", "flag"),
            ),
            _start,
            PREVIEW,
            lambda _, preview: opening_sentence(preview),
            "metadata",
            "Start",
        ),
        Act(
            "regenerate",
            "Regenerate a date",
            (
                _DATE,
                Field("scope", "Whom", "choice", choices=SCOPES),
                Field("names", "Names", hint="for players, systems or games: with commas"),
                replace(_WHY, default="feature_upgrade"),
                Field("hold", "Hold it for an order to promote", "flag"),
            ),
            _regenerate,
            PREVIEW,
            lambda _, preview: opening_sentence(preview),
            "metadata",
            "Regenerate",
        ),
        Act(
            "withdraw",
            "Withdraw predictions that nothing replaces",
            (
                _DATE,
                Field("whom", "What", "choice", choices=("games", "players")),
                Field("names", "Which", hint="ids of games or names of players, with commas"),
                Field("why", "Reason", "choice", choices=REASONS),
            ),
            _withdraw,
            WOULD_WITHDRAW,
            lambda _, preview: f"would {withdrawal_sentence(preview)}",
            "metadata",
            "Withdraw",
        ),
        _orders_on("cancel", "Cancel a batch", "Cancel the batch"),
        _orders_on("close", "End the waiting of a batch", "Close the batch"),
        _orders_on("redrive", "Redrive a batch", "Redrive"),
        _orders_on("promote", "Promote a rejected or held batch", "Promote"),
        _orders_on("rollback", "Roll a batch back", "Roll back"),
        Act(
            "backfill",
            "Backfill a range of dates",
            (
                *_RANGE,
                Field("only", "Which dates", "choice", choices=tuple(Only)),
                Field(
                    "concurrent",
                    "Dates at once",
                    "number",
                    default=str(DEFAULT_CONCURRENT),
                    hint=f"1 to {MAX_CONCURRENT}",
                ),
                Field("backwards", "From the last date to the first", "flag"),
                replace(_WHY, default="backfill"),
            ),
            _backfill,
            PLAN,
            _backfill_says,
            "metadata",
            "Start the backfill",
        ),
        _orders_on_backfill("pause", "Pause a backfill", "Pause"),
        _orders_on_backfill("resume", "Resume a backfill", "Resume"),
        _orders_on_backfill("cancel", "Cancel a backfill", "Cancel the backfill"),
        Act(
            "halt",
            "Halt the platform",
            (),
            _platform("halt"),
            WOULD_HALT,
            _platform_says(
                "halt the platform: no batch is opened, triggers are recorded, what is under way comes to its end"
            ),
            verb="Halt the platform",
        ),
        Act(
            "resume",
            "Resume the platform",
            (),
            _platform("resume"),
            WOULD_HALT,
            _platform_says("resume the platform: batches are opened again, those of the recorded triggers first"),
            verb="Resume the platform",
        ),
        Act("scan", "Scan for late data", (), _scan, SCAN, _scan_says, None, "Scan now"),
        Act("grade", "Grade played dates", _RANGE, _grade, WOULD_GRADE, _grade_says, None, "Grade"),
    )
}
