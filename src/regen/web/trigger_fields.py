"""What a trigger from outside says beside the known fields: orders and near misses are refused, the rest is kept as a trace.

A trigger is a message of `nba-prediction-trigger`: fields in its data, and attributes, which Pub/Sub hands on beside them and
which steer nothing. A sender who writes an order into either means it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from regen.api.requests import Regeneration
from regen.domain.errors import InvalidInput
from regen.domain.nearest import nearest
from regen.domain.texts import visible
from regen.services.state.messages import REGENERATE


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


TRIGGER = frozenset(Regeneration.__struct_fields__) - {"dry_run"} | {"mode"}
"""Fields of a trigger: what a request over HTTP may say, and the mode; a message is never a dry run."""
DEFAULT_REASON = "feature_upgrade"
_DEFAULTS: Mapping[str, object] = {"mode": REGENERATE, "reason": DEFAULT_REASON, "hold": False}
MAX_IGNORED_BYTES = 2_000
_MAX_NAME = 100
_ORDERS = _names(
    """
    dry_run no_op plan plan_only what_if
    min_minutes minutes coverage min_coverage checks waive accept
    from to days day backwards max_concurrent_dates date game_day target_date
    start_date end_date from_date to_date since through first_n top_n models model_id model_ids
    lines line bookmaker bookmakers run_at schedule_at
    """
)
"""Names by which a sender means an order, or a narrower one, and which a trigger does not carry out."""
_ORDER_WORDS = _names(
    """
    player players game games system systems team teams opponent opponents matchup matchups roster rosters athlete athletes lookup lookups
    filter filters scope subset only exclude excludes excluded excluding except include includes included including
    skip limit ignore drop omit omitted without restrict restricted range dates until threshold thresholds
    dry dryrun test testing simulate simulated simulation rehearsal rehearse preview validate validation sandbox mock pretend
    noop trial
    force forced hold held promote rollback redrive withdraw withdrawal challenge challenger use cancel close pause resume halt stop abort approve approval confirm
    not never dont no delay delayed defer deferred
    """
)
"""Words that make an order of any name that they are part of: `players_list`, `teamFilter`, `skip_games`."""
_BEGINNINGS = ("player", "game", "system", "team", "filter", "exclude", "include", "dryrun")
"""The same for names that are written in one: `playerslist`."""
_DESCRIBING = _names("count counts total totals number source origin upstream version at time hash status quality")
"""Words that make a description of a name instead: `games_count`, `source_system`."""
_WORDS_OF_THEIR_OWN = frozenset({"season", "model"})
"""They look like `reason` and `mode`, and are neither."""
_NEAR = 0.8
"""From this likeness on, as `difflib` measures it, a name is a misspelt one."""
_TRANSPORT = re.compile(r"traceparent|tracestate|baggage|googclient_.*|CloudPubSubDeadLetter.*|ce-.*", re.IGNORECASE)
"""Attributes that libraries and the platform add by themselves."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def ignored(data: Mapping[str, Any], attributes: Mapping[str, str]) -> dict[str, Any]:
    """What regen does not know of a trigger, as the trigger's metadata keeps it.

    Raises:
        InvalidInput: a field or an attribute is an order that a trigger does not carry out, or a near miss of a known field;
            or an attribute contradicts the field of its name.
    """
    refuse_orders(data, TRIGGER)
    fields = {name: value for name, value in data.items() if name not in TRIGGER}
    beside = {name: value for name, value in attributes.items() if not _TRANSPORT.fullmatch(name)}
    for name, value in beside.items():
        if name in TRIGGER and value not in _texts(data.get(name, _DEFAULTS.get(name))):
            raise InvalidInput(f"attributes.{name}", f"what {name} of the message says, or no such attribute")
    refuse_orders({name: value for name, value in beside.items() if name not in TRIGGER}, TRIGGER, "attributes.")
    return {**_kept("ignored_fields", fields), **_kept("ignored_attributes", beside)}


def refuse_orders(data: Mapping[str, Any], known: Collection[str], where: str = "") -> None:
    """Raise InvalidInput for a field that is an order, or a near miss of a known one.

    Args:
        where: what stands before the name of the field in the error.
    """
    plain_known = {_plain(name): name for name in {*known, "dry_run", "force"}}
    orders = {_plain(name) for name in _ORDERS}
    for name in data:
        if name in known:
            continue
        plain = _plain(name)
        near = [] if plain in _WORDS_OF_THEIR_OWN else nearest(plain, plain_known, 1, _NEAR)
        if near or plain in orders or _is_order(name):
            like = f" (it is much like {plain_known[near[0]]})" if near and plain_known[near[0]] in known else ""
            expected = f"no such field in a trigger{like}; known: {', '.join(sorted(known))}"
            raise InvalidInput(where + _shown(name), expected)


def _is_order(name: str) -> bool:
    words = {word.casefold() for word in _WORD.findall(name)}
    if words & _DESCRIBING:
        return False
    return bool(words & _ORDER_WORDS) or _plain(name).startswith(_BEGINNINGS)


def _texts(value: object) -> set[str]:
    """The ways in which an attribute, which is a text, may say the same as a field."""
    if isinstance(value, list):
        return {json.dumps(value), ",".join(map(str, value))}
    return {value if isinstance(value, str) else json.dumps(value)}


def _kept(name: str, unknown: Mapping[str, Any]) -> dict[str, Any]:
    if not unknown:
        return {}
    if len(json.dumps(unknown)) > MAX_IGNORED_BYTES:
        return {name: [one[:_MAX_NAME] for one in unknown][:10]}
    return {name: dict(unknown)}


def _plain(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


def _shown(name: str) -> str:
    return visible(name[:_MAX_NAME])
