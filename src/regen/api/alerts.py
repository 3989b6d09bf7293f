"""Alerts as they are answered."""

from __future__ import annotations

from typing import Annotated

from regen.api.words import Answer, Moment, one_of
from regen.domain.alert_record import STATES
from regen.domain.alerts import AlertKind


class Alert(Answer, frozen=True, kw_only=True):
    """An alert that was raised.

    Attributes:
        state: `open` while its cause lasts, then `resolved`; `noted` if it tells of something that has happened.
        key: what the alerts of one cause have in common; PagerDuty's `dedup_key`.
        look: the command that shows more.
    """

    event_id: str
    type: Annotated[str, one_of(*AlertKind)]
    severity: str
    state: Annotated[str, one_of(*STATES)]
    why: str
    key: str
    raised_at: Moment
    game_date: str | None
    batch_id: str | None
    look: str | None
    runbook: str | None
    resolved_at: Moment | None
    resolved_why: str | None


class Alerts(Answer, frozen=True, kw_only=True):
    """Alerts, newest first."""

    alerts: list[Alert]
