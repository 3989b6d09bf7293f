"""The wiring of the deployed console: from settings to pages. Clients are built at the first request, not at import."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache

from starlette.types import ASGIApp

from regen.client.coordinator import Coordinator
from regen.client.own_token import OwnToken
from regen.client.reader import Reader
from regen.console.app import application
from regen.console.site import Site, Target
from regen.console.sources import PATIENCE_SECONDS, CoordinatorOrders, CoordinatorRecords, WarehouseTables
from regen.console_host.gate import IapGate
from regen.console_host.identity import for_the_person, headers_of
from regen.web.iap import Assertions
from regen.web.logs import set_up
from regen.web.settings import Settings, SettingsInvalid, read_settings

NEEDED = ("coordinator_url", "console_url", "iap_audience")


def settings_of(environ: Mapping[str, str]) -> Settings:
    """The settings of a deployed console.

    Raises:
        SettingsInvalid: names each variable that is missing or wrong.
    """
    settings = read_settings(environ)
    if lacking := [f"REGEN_{name.upper()}: must be set" for name in NEEDED if not getattr(settings, name)]:
        raise SettingsInvalid("; ".join(lacking))
    return settings


def console_of(settings: Settings, token: Callable[[], str]) -> ASGIApp:
    """The console.

    Args:
        token: gives the identity token of its own account.
    """
    coordinator = Coordinator(
        settings.coordinator_url,
        origin="REGEN_COORDINATOR_URL",
        timeout=PATIENCE_SECONDS,
        patience=0.0,
        further=headers_of(token),
    )
    reader = Reader(
        settings.project, prefix=settings.dataset_prefix, maximum_bytes_billed=settings.maximum_bytes_billed
    )
    words = f"{settings.project} at {settings.coordinator_url}"
    site = Site(
        CoordinatorRecords.of(coordinator), WarehouseTables(reader), Target(words, settings.project, is_local=False)
    )
    gate = IapGate(
        settings.console_url, Assertions(settings.iap_audience, settings.iap_certs_url), settings.console_operators
    )
    return for_the_person(application(site, CoordinatorOrders(coordinator), gate, "https"))


@cache
def console() -> ASGIApp:
    """The one console of this process, from its environment.

    Raises:
        SettingsInvalid: the environment is not usable.
    """
    set_up(os.environ)
    settings = settings_of(os.environ)
    return console_of(settings, OwnToken(settings.oidc_audience))


def refuse_unusable() -> None:
    """On Cloud Run, end the start of a console whose environment is not usable: such a revision never serves.

    Raises:
        SettingsInvalid: names each variable that is wrong.
    """
    if "K_SERVICE" in os.environ:
        settings_of(os.environ)
