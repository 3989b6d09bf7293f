"""An act's page: its options, the coordinator's dry run, the order with its reason; and what comes of it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from regen.api.forms import record
from regen.client.errors import Misused, OperatorError, Problem, Unreachable
from regen.console.acts.declared import ACTS, Act, Options
from regen.console.ports import Order, Orders
from regen.console.rendering import NEVER, Page
from regen.console.security import Denied, check_form, form_token
from regen.console.site import Asked, NoSuchPage, Site
from regen.domain.errors import RegenError

MOST_REASON = 400
NEXT: Mapping[int, str] = {
    400: "change what it names, and look at the preview again",
    401: "the coordinator does not know this console's key: start the console with the right one",
    403: "ask one of `console_operators`; if you are one, see the guide's failure table",
    404: "see whether the date or the id is right",
    409: "look at the batch that is in the way; wait for its end, or cancel it",
    410: "its records have expired: regenerate the date instead",
    422: "load this page anew: the form was sent before with other words",
    503: "wait some seconds and send the form again: it stays one order",
}


class Refusal(Struct, frozen=True):
    """What the coordinator refused, in its own words, and what can be done."""

    says: str
    next: str
    batch_id: str | None = None
    status: int = 409


class Moved(Struct, frozen=True):
    """The order was given; the browser goes on to another page."""

    where: str


def act_page(site: Site, orders: Orders, asked: Asked) -> Page:
    """The page before the order: with the dry run as soon as the required options are there."""
    act = _act(asked)
    options = {f.name: asked.option(f.name) or f.default for f in act.fields}
    if not asked.query and any(f.kind != "hidden" for f in act.fields):
        return _page(act, asked, options)
    lacking = [f.label for f in act.fields if f.required and not options[f.name]]
    if lacking:
        return _page(act, asked, options, Refusal(f"{', '.join(lacking)}: needed", "fill it in", status=400))
    return _previewed(site, orders, act, asked, options)


def _previewed(
    site: Site,
    orders: Orders,
    act: Act[Any],
    asked: Asked,
    options: Options,
    refusal: Refusal | None = None,
    key: str = "",
) -> Page:
    try:
        prepared = act.prepare(site, options)
        preview = orders.preview(act.form, prepared.order)
        says = act.says(prepared, preview)
    except (OperatorError, RegenError) as error:
        return _page(act, asked, options, refusal or refused(error))
    order = {"path": prepared.order.path, "body": prepared.order.body, "where": prepared.where}
    written = json.dumps({**order, "typed": prepared.typed, "accept": list(prepared.accept)}, sort_keys=True)
    key = key or secrets.token_hex(16)
    form = {
        "key": key,
        "order": written,
        "token": form_token(asked.person, f"{act.word}\n{written}", key),
        "typed": prepared.typed,
        "accept": prepared.accept,
    }
    return _page(
        act, asked, options, refusal, {"says": says, "preview": record(preview), "form": form, "prepared": prepared}
    )


def give(site: Site, orders: Orders, asked: Asked, form: Mapping[str, str]) -> Page | Moved:
    """Give the order of a form: the very one that was previewed.

    Raises:
        Denied: the form is not this session's, or the person may not act.
    """
    act = _act(asked)
    if not asked.person.may_act:
        raise Denied(403, f"{asked.person.name} may look, and give no orders", "ask an operator")
    written, key = form.get("order", ""), form.get("key", "")
    check_form(asked.person, f"{act.word}\n{written}", key, form.get("token", ""))
    options = {f.name: form.get(f"option_{f.name}", "") for f in act.fields}
    reason = form.get("reason", "").strip()
    said = json.loads(written)
    if lack := _lack(act, said, form, reason):
        refusal = Refusal(lack, "nothing was done; mend it and send again", status=400)
        return _previewed(site, orders, act, asked, options, refusal, key)
    order = act.with_reason(Order(said["path"], said["body"]), reason)
    try:
        answer = orders.give(order, key)
    except (Problem, Unreachable) as error:
        return _previewed(site, orders, act, asked, options, refused(error), key)
    return Moved(said["where"].format(**_ids(answer)))


def _lack(act: Act[Any], said: Mapping[str, Any], form: Mapping[str, str], reason: str) -> str:
    """What a form lacks, in words; empty if nothing."""
    if act.note is not None and not reason:
        return "a reason is needed: it goes on record with the order"
    if len(reason) > MOST_REASON:
        return f"the reason has {len(reason)} characters; {MOST_REASON} are the most"
    if said["typed"] and form.get("date_typed", "").strip() != said["typed"]:
        return f"the date that was typed is not {said['typed']}"
    if left := [name for name in said["accept"] if not form.get(f"accept_{name}")]:
        return f"each failed check must be accepted by itself; left: {', '.join(left)}"
    return ""


def _ids(answer: Mapping[str, object]) -> dict[str, str]:
    return {name: str(answer.get(name, "")) for name in ("batch_id", "backfill_id")}


def _act(asked: Asked) -> Act[Any]:
    if (act := ACTS.get(asked.path["word"])) is None:
        raise NoSuchPage(f"no such order: {asked.path['word'][:40]}")
    return act


def refused(error: OperatorError | RegenError) -> Refusal:
    """An error as the page shows it."""
    if isinstance(error, Problem):
        next_ = NEXT.get(error.status, "see the coordinator's log under the trace")
        return Refusal(str(error), next_, error.batch_id, error.status)
    if isinstance(error, Unreachable):
        says = "wait some seconds and send the form again: if the order has arrived, it is not carried out twice"
        return Refusal(str(error), says, status=503)
    return Refusal(
        str(error), "change it, and look at the preview again", status=400 if isinstance(error, Misused) else 404
    )


def _page(
    act: Act[Any],
    asked: Asked,
    options: Options,
    refusal: Refusal | None = None,
    more: Mapping[str, object] | None = None,
) -> Page:
    shown = {"act": act, "options": options, "refusal": refusal, "says": None, "form": None, "preview": {}, "stale": []}
    facts = {**shown, "may_act": asked.person.may_act, "prepared": None, **(more or {})}
    return Page("act.html", act.title, facts, NEVER, "", refusal.status if refusal else 200)
