"""What callers ask for, checked at the edge: every error names its field and what was expected."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec
from msgspec import UNSET, Meta, UnsetType

from regen.api import requests
from regen.api.forms import Body, Record
from regen.domain import ids
from regen.domain.batch import Kind
from regen.domain.dates import parse_game_date
from regen.domain.errors import InvalidInput
from regen.domain.scope import Scope, resolved
from regen.domain.trigger import Source, Trigger
from regen.services.batch.withdrawing import Withdrawal
from regen.services.state.messages import REGENERATE
from regen.web import predecessor_fields
from regen.web.trigger_fields import DEFAULT_REASON, TRIGGER, ignored

T = TypeVar("T", bound=msgspec.Struct)
MAX_METADATA_BYTES = 20_000
REGENERATION, START, WITHDRAWAL = Body(requests.Regeneration), Body(requests.Start), Body(requests.Withdrawal)
ORDER, DRY_RUN = Body(requests.Order), Body(requests.DryRun)


def asked(form: Body[T], body: Record) -> T:
    """The body of a request.

    Raises:
        InvalidInput: names the field that is wrong, and what was expected: an unknown one before one that is missing, and that
            before one of another shape.
    """
    try:
        return form.convert(body)
    except msgspec.ValidationError as error:
        raise _refusal(form, body) from error


def regeneration(
    body: requests.Regeneration, *, known_systems: Collection[str], caller: str, trigger_id: str, now: datetime
) -> Trigger:
    """The trigger that `POST /regenerate-with-supersede` asks for."""
    return Trigger(
        trigger_id=trigger_id,
        game_date=parse_game_date(body.game_date),
        kind=Kind.REGENERATION,
        reason=reason_of(body.reason),
        source=Source.HTTP,
        triggered_by=caller,
        at=now,
        scope=_scope(body, known_systems),
        metadata=metadata_of(body.metadata),
        hold=body.hold,
    )


def start(body: requests.Start, *, caller: str, trigger_id: str, now: datetime) -> Trigger:
    """The trigger that `POST /start` asks for."""
    missing = body.only == "missing"
    named = {"only": body.only} if missing else {}
    return Trigger(
        trigger_id=trigger_id,
        game_date=parse_game_date(body.game_date, now),
        kind=Kind.DAILY,
        reason="daily",
        source=Source.SCHEDULER if caller.startswith("scheduler:") else Source.HTTP,
        triggered_by=caller,
        at=now,
        metadata={**metadata_of(body.metadata), **predecessor_fields.kept(body), **named},
        missing=missing,
        min_minutes=body.min_minutes,
        force=body.force,
    )


def withdrawal(body: requests.Withdrawal, *, caller: str, trigger_id: str) -> Withdrawal:
    """What `POST /withdrawals` asks for."""
    scope = Scope(players=names_of(body.players), games=names_of(body.games))
    if (scope.players is None) == (scope.games is None):
        raise InvalidInput("games", "the games, or in their place the players, to withdraw")
    return Withdrawal(
        game_date=parse_game_date(body.game_date),
        reason=body.reason,
        scope=scope,
        caller=caller,
        trigger_id=trigger_id,
        metadata=metadata_of(body.metadata),
    )


def pushed_trigger(
    data: Mapping[str, Any],
    *,
    known_systems: Collection[str],
    caller: str,
    trigger_id: str,
    now: datetime,
    attributes: Mapping[str, str],
    follow_up: str | None = None,
) -> Trigger:
    """A message of `nba-prediction-trigger`; what means nothing to regen is kept in its metadata, and ignored.

    Args:
        attributes: those that its sender wrote; none if it is regen's own.
        follow_up: what it follows, if it is regen's own.

    Raises:
        InvalidInput: among them for what `trigger_fields` refuses.
    """
    unknown = ignored(data, attributes)
    if data.get("mode", REGENERATE) != REGENERATE:
        raise InvalidInput("mode", REGENERATE)
    said = asked(REGENERATION, {name: data[name] for name in data if name in TRIGGER - {"mode"}})
    return Trigger(
        trigger_id=trigger_id,
        game_date=parse_game_date(said.game_date),
        kind=Kind.REGENERATION,
        reason=reason_of(said.reason),
        source=Source.PUBSUB,
        triggered_by=caller,
        at=now,
        scope=_scope(said, known_systems),
        metadata={**metadata_of(said.metadata), **unknown},
        follow_up=follow_up,
        hold=said.hold,
    )


def only(body: Collection[str], allowed: Collection[str]) -> None:
    """Refuse a field that the route does not read: its sender means something by it."""
    for name in body:
        if name not in allowed:
            raise InvalidInput(name[: requests.MAX_NAME], f"no such field; known: {', '.join(sorted(allowed))}")


def reason_of(value: str | UnsetType) -> str:
    """The reason of a request for predictions."""
    return DEFAULT_REASON if value is UNSET else ids.checked_reason(value)


def names_of(value: list[str] | UnsetType) -> tuple[str, ...] | None:
    """Names, each once, or None if the field is not there."""
    return None if value is UNSET else tuple(dict.fromkeys(name.strip() for name in value))


def fingerprint(body: Mapping[str, object]) -> str:
    """The same for bodies that ask for the same; a dry run asks for what it is a dry run of."""
    said = {name: value for name, value in body.items() if name != "dry_run"}
    return ids.digest(json.dumps(said, sort_keys=True, separators=(",", ":")))


def metadata_of(value: dict[str, Any] | None) -> dict[str, Any]:
    """An object of at most 20 kB, empty if it is not there."""
    if value is None:
        return {}
    try:
        size = len(json.dumps(value, allow_nan=False))
    except ValueError as error:
        raise InvalidInput("metadata", "JSON without NaN and infinity") from error
    if size > MAX_METADATA_BYTES:
        raise InvalidInput("metadata", f"at most {MAX_METADATA_BYTES} bytes")
    return value


def _scope(body: requests.Regeneration, known_systems: Collection[str]) -> Scope:
    systems = names_of(body.systems)
    if systems is not None:
        systems = resolved("systems", systems, known_systems, f"the systems {', '.join(known_systems)}")
    return Scope(players=names_of(body.players), games=names_of(body.games), systems=systems)


def _refusal(form: Body[T], body: Record) -> InvalidInput:
    """Why a body is not of a type, in the words of the type's fields."""
    only(body, form.hints)
    for name in form.required:
        if name not in body:
            return InvalidInput(name, "to be given")
    for name, hint in form.hints.items():
        if name in body and not form.fits(name, body[name]):
            return InvalidInput(name, next(_sentences(hint)))
    return InvalidInput("body", "fields that belong together")  # no route has one whose fields are right one by one


def _sentences(kind: Any) -> Iterator[str]:  # noqa: ANN401 - a type, as annotations have it
    """What the annotations of a type say is expected, the outermost first."""
    for one in getattr(kind, "__metadata__", ()) if get_origin(kind) is Annotated else ():
        if isinstance(one, Meta) and requests.EXPECTED in (one.extra or {}):
            yield str((one.extra or {})[requests.EXPECTED])
    for inner in get_args(kind):
        yield from _sentences(inner)
