"""The coordinator's route of the alerts on record."""

from __future__ import annotations

from regen.api.alerts import Alerts
from regen.domain.errors import InvalidInput
from regen.services.views.alerts_view import MAX_LISTED, list_alerts
from regen.web.bootstrap import App
from regen.web.http import Call, Reply, Route
from regen.web.lists import asked_limit


def routes(app: App) -> list[Route]:
    """All of them."""

    def listing(call: Call) -> Reply:
        wanted = call.query("open") or "false"
        if wanted not in {"true", "false"}:
            raise InvalidInput("open", "true or false")
        return 200, Alerts(alerts=list_alerts(app.deps, asked_limit(call, MAX_LISTED), only_open=wanted == "true"))

    return [Route("GET", "/alerts", app.gate.by_key, listing, frozenset({"open", "limit"}))]
