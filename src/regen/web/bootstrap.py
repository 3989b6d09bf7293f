"""The wiring: from settings to ports. Clients are built at the first request, not at import."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct

from regen import clock
from regen.adapters.system import RandomIds, SystemClock, thread_heartbeat
from regen.domain.errors import Defect
from regen.domain.feature_versions import FeatureVersions
from regen.features.upstream import upstream_versions
from regen.features.versions import ACCEPTED
from regen.ports import Alerts, Archive, BatchStore, Ledger, Queue
from regen.services.state.deps import Config, Deps
from regen.systems import admit, by_version, shipped_texts, system_ids
from regen.web import tracing
from regen.web.callers import Gatekeeper
from regen.web.logs import set_up
from regen.web.pulse import Pulse
from regen.web.settings import Settings, read_settings

if TYPE_CHECKING:
    from regen.adapters.bigquery.warehouse import BigQueryWarehouse


class App(Struct, frozen=True):
    """A function's settings, ports and gate."""

    settings: Settings
    deps: Deps
    gate: Gatekeeper

    def totals(self) -> dict[str, int]:
        """What this process has used of the platform so far: the drivers of cost."""
        store, queue, jobs = self.deps.store, self.deps.queue, getattr(self.deps.warehouse, "jobs", None)
        return {
            "reads": getattr(store, "reads", 0),
            "writes": getattr(store, "writes", 0),
            "messages": getattr(queue, "messages", 0),
            "message_bytes": getattr(queue, "bytes", 0),
            "jobs": getattr(jobs, "submitted", 0),
        }

    def pulse(self, service: str) -> Pulse:
        """What writes the heartbeat of the function that this app is."""
        return Pulse(self.deps, service)


class NotWired(Defect, AttributeError):
    """A function was asked for a port that it does not have."""


def refuse_unusable(*, public: bool = False, keeps: bool = False) -> None:
    """On Cloud Run, or with external systems, end the start of a function that cannot work: such a revision never serves.

    Raises:
        SettingsInvalid: names each variable that is wrong.
        SystemsUnusable: names each external system that is not there, or is none.
    """
    named = [name for name in ("REGEN_EXTERNAL_SYSTEMS", "REGEN_ONNX_SYSTEMS") if os.environ.get(name)]
    if "K_SERVICE" in os.environ or named:
        settings = read_settings(os.environ, public=public, keeps=keeps)
        admit(settings.external_systems, settings.onnx_systems)


@cache
def app(
    *,
    with_warehouse: bool,
    with_queue: bool = True,
    with_archive: bool = False,
    with_models: bool = False,
    public: bool = False,
) -> App:
    """The one App of this process, from its environment.

    Args:
        public: whether anybody may reach the function.

    Raises:
        SettingsInvalid: the environment is not usable.
        SystemsUnusable: an external system is not there, or is none.
    """
    set_up(os.environ)
    settings = read_settings(os.environ, public=public, keeps=with_archive)
    clock.live_from(settings.clock_start)
    _trace(settings)
    admit(settings.external_systems, settings.onnx_systems)
    deps = deps_of(
        settings,
        with_warehouse=with_warehouse,
        with_queue=with_queue,
        with_archive=with_archive,
        with_models=with_models,
    )
    return App(settings, deps, Gatekeeper(settings))


def deps_of(
    settings: Settings, *, with_warehouse: bool, with_queue: bool, with_archive: bool = False, with_models: bool = False
) -> Deps:
    """The ports that the settings ask for."""
    warehouse = _warehouse(settings) if with_warehouse else None
    return Deps(
        store=_store(settings),
        queue=tracing.TracedQueue(_queue(settings)) if with_queue else _Absent("queue"),  # type: ignore[arg-type]
        warehouse=warehouse or _Absent("warehouse"),  # type: ignore[arg-type]
        clock=SystemClock(),
        ids=RandomIds(),
        heartbeat=thread_heartbeat,
        config=config_of(settings),
        alerts=_alerts(settings),
        ledger=_ledger(settings, warehouse) if warehouse else None,
        archive=_archive(settings.inputs_store) if with_archive else None,
        models=_archive(settings.models_store) if with_models else None,
        trace=tracing.here,
    )


def config_of(settings: Settings) -> Config:
    """The numbers of the deployment."""
    ids = settings.systems or system_ids()

    own = {name: getattr(settings, name) for name in Config.__struct_fields__ if hasattr(settings, name)}
    made = {
        "systems": tuple(ids),
        "run_for": by_version(ids),
        "artefacts": shipped_texts,
        "feature_versions": FeatureVersions(ACCEPTED, upstream_versions()),
    }
    return Config(**{**own, **made})


def _trace(settings: Settings) -> None:
    if settings.tracing == "otlp":
        from regen.web.spans import otlp  # noqa: PLC0415

        tracing.record(otlp(settings.project, os.environ.get("K_SERVICE", "regen"), settings.code_version))


class _Absent:
    """Stands where a function has no port: says so when it is used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> object:
        raise NotWired(f"this function has no {self._name}: {attribute}")


def _store(settings: Settings) -> BatchStore:
    if settings.backend == "memory":
        from regen.adapters.memory import shared  # noqa: PLC0415

        return shared.store
    # Heavy clients are imported where they are used: the worker never pays for BigQuery.
    from google.cloud import firestore  # noqa: PLC0415

    from regen.adapters.firestore import FirestoreStore  # noqa: PLC0415

    return FirestoreStore(firestore.Client(project=settings.project))


def _queue(settings: Settings) -> Queue:
    if settings.backend == "memory":
        from regen.adapters.memory import shared  # noqa: PLC0415

        if shared.queue is None:
            raise NotWired("the process that hosts the functions has set no queue")
        return shared.queue
    from regen.adapters.pubsub import PubSubQueue, publisher  # noqa: PLC0415

    return PubSubQueue(publisher(), settings.project)


def _warehouse(settings: Settings) -> BigQueryWarehouse:
    from regen.adapters.bigquery.clients import bigquery_client  # noqa: PLC0415
    from regen.adapters.bigquery.warehouse import BigQueryWarehouse  # noqa: PLC0415

    client = bigquery_client(settings.project, settings.location)
    return BigQueryWarehouse(
        client,
        settings.project,
        identity=os.environ.get("K_SERVICE", "regen"),
        dataset_prefix=settings.dataset_prefix,
        location=settings.location,
        maximum_bytes_billed=settings.maximum_bytes_billed,
    )


def _ledger(settings: Settings, warehouse: BigQueryWarehouse) -> Ledger:
    from regen.adapters.bigquery.ledger import BigQueryLedger  # noqa: PLC0415
    from regen.sql import Names  # noqa: PLC0415

    return BigQueryLedger(warehouse.jobs, Names(settings.project, settings.dataset_prefix))


def _archive(address: str) -> Archive | None:
    if not address:
        return None
    from regen.adapters.archives import archive_at  # noqa: PLC0415

    return archive_at(address)


def _alerts(settings: Settings) -> Alerts | None:
    if not settings.webhook_url:
        return None
    from regen.adapters.webhook import Webhook  # noqa: PLC0415
    from regen.adapters.webhook_forms import Links  # noqa: PLC0415

    return Webhook(settings.webhook_url, settings.webhook_format, Links(settings.console_url, settings.project))
