"""What callers ask for, checked at the edge: every error names its field and what was expected."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from regen.domain import ids
from regen.domain.batch import Kind
from regen.domain.dates import parse_game_date
from regen.domain.errors import InvalidInput
from regen.domain.scope import Scope, resolved
from regen.domain.trigger import Source, Trigger
from regen.domain.withdrawal import REASONS
from regen.services.batch.withdrawing import Withdrawal
from regen.services.state.messages import REGENERATE
from regen.web import predecessor_fields
from regen.web.trigger_fields import DEFAULT_REASON, TRIGGER, ignored

MAX_NAMES = 1000
MAX_NAME = 100
MAX_METADATA_BYTES = 20_000
REGENERATION = TRIGGER - {"mode"} | {"dry_run"}
START = frozenset({"game_date", "min_minutes", "force", "only", "metadata", "dry_run"})
ONLY = ("all", "missing")
WITHDRAWAL = frozenset({"game_date", "reason", "games", "players", "metadata", "dry_run"})
ORDER = frozenset({"reason", "dry_run"})


def regeneration(
    body: Mapping[str, Any], *, known_systems: Collection[str], caller: str, trigger_id: str, now: datetime
) -> Trigger:
    """The body of `POST /regenerate-with-supersede`."""
    only(body, REGENERATION)
    return Trigger(
        trigger_id=trigger_id,
        game_date=parse_game_date(_required(body, "game_date")),
        kind=Kind.REGENERATION,
        reason=ids.checked_reason(body.get("reason", DEFAULT_REASON)),
        source=Source.HTTP,
        triggered_by=caller,
        at=now,
        scope=_scope(body, known_systems),
        metadata=metadata_of(body.get("metadata")),
        hold=flag_field(body, "hold"),
    )


def start(body: Mapping[str, Any], *, caller: str, trigger_id: str, now: datetime) -> Trigger:
    """The body of `POST /start`."""
    only(body, START | predecessor_fields.FIELDS)
    minutes = body.get("min_minutes")
    if minutes is not None and (isinstance(minutes, bool) or not isinstance(minutes, int | float)):
        raise InvalidInput("min_minutes", "a number from 0 to 48")
    if minutes is not None and not 0 <= minutes <= 48:
        raise InvalidInput("min_minutes", "a number from 0 to 48")
    only_ = body.get("only", "all")
    if only_ not in ONLY:
        raise InvalidInput("only", f"one of {', '.join(ONLY)}")
    named = {"only": only_} if only_ == "missing" else {}
    return Trigger(
        trigger_id=trigger_id,
        game_date=parse_game_date(_required(body, "game_date"), now),
        kind=Kind.DAILY,
        reason="daily",
        source=Source.SCHEDULER if caller.startswith("scheduler:") else Source.HTTP,
        triggered_by=caller,
        at=now,
        metadata={**metadata_of(body.get("metadata")), **predecessor_fields.kept(body), **named},
        missing=bool(named),
        min_minutes=None if minutes is None else float(minutes),
        force=flag_field(body, "force"),
    )


def withdrawal(body: Mapping[str, Any], *, caller: str, trigger_id: str) -> Withdrawal:
    """The body of `POST /withdrawals`."""
    only(body, WITHDRAWAL)
    reason = _required(body, "reason")
    if reason not in REASONS:
        raise InvalidInput("reason", f"one of {', '.join(REASONS)}; free text goes into metadata")
    scope = Scope(players=names_field(body, "players"), games=names_field(body, "games"))
    if (scope.players is None) == (scope.games is None):
        raise InvalidInput("games", "the games, or in their place the players, to withdraw")
    return Withdrawal(
        game_date=parse_game_date(_required(body, "game_date")),
        reason=str(reason),
        scope=scope,
        caller=caller,
        trigger_id=trigger_id,
        metadata=metadata_of(body.get("metadata")),
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
    mode = data.get("mode", REGENERATE)
    if mode != REGENERATE:
        raise InvalidInput("mode", REGENERATE)
    return Trigger(
        trigger_id=trigger_id,
        game_date=parse_game_date(_required(data, "game_date")),
        kind=Kind.REGENERATION,
        reason=ids.checked_reason(data.get("reason", DEFAULT_REASON)),
        source=Source.PUBSUB,
        triggered_by=caller,
        at=now,
        scope=_scope(data, known_systems),
        metadata={**metadata_of(data.get("metadata")), **unknown},
        follow_up=follow_up,
        hold=flag_field(data, "hold"),
    )


def only(body: Mapping[str, Any], allowed: Collection[str]) -> None:
    """Refuse a field that the route does not read: its sender means something by it."""
    for name in body:
        if name not in allowed:
            raise InvalidInput(str(name)[:MAX_NAME], f"no such field; known: {', '.join(sorted(allowed))}")


def flag_field(body: Mapping[str, Any], name: str) -> bool:
    """A boolean field, false if it is not there."""
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise InvalidInput(name, "true or false")
    return value


def text_field(body: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A short text."""
    value = body.get(name, default)
    if not isinstance(value, str) or not value.strip() or len(value) > 500:
        raise InvalidInput(name, "a text of at most 500 characters")
    return value


def names_field(body: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    """A list of names, each once, or None if the field is not there: an empty one does not mean all."""
    if name not in body:
        return None
    value = body[name]
    expected = f"a list of 1 to {MAX_NAMES} names, none of them empty; without the field, all are meant"
    if not isinstance(value, list) or not 0 < len(value) <= MAX_NAMES:
        raise InvalidInput(name, expected)
    if any(not isinstance(v, str) or not v.strip() or len(v) > MAX_NAME for v in value):
        raise InvalidInput(name, expected)
    return tuple(dict.fromkeys(v.strip() for v in value))


def fingerprint(body: Mapping[str, Any]) -> str:
    """The same for bodies that ask for the same; a dry run asks for what it is a dry run of."""
    asked = {name: value for name, value in body.items() if name != "dry_run"}
    return ids.digest(json.dumps(asked, sort_keys=True, separators=(",", ":")))


def _scope(body: Mapping[str, Any], known_systems: Collection[str]) -> Scope:
    systems = names_field(body, "systems")
    if systems is not None:
        systems = resolved("systems", systems, known_systems, f"the systems {', '.join(known_systems)}")
    return Scope(players=names_field(body, "players"), games=names_field(body, "games"), systems=systems)


def metadata_of(value: object) -> Mapping[str, Any]:
    """An object of at most 20 kB, empty if it is not there."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidInput("metadata", "an object")
    try:
        size = len(json.dumps(value, allow_nan=False))
    except ValueError as error:
        raise InvalidInput("metadata", "JSON without NaN and infinity") from error
    if size > MAX_METADATA_BYTES:
        raise InvalidInput("metadata", f"at most {MAX_METADATA_BYTES} bytes")
    return value


def _required(body: Mapping[str, Any], name: str) -> object:
    if name not in body:
        raise InvalidInput(name, "to be given")
    return body[name]
