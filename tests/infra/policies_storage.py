"""The rules for what is stored: tables and views, staging, and the records in Firestore."""

from __future__ import annotations

import json
from collections.abc import Iterator

from infra.deployment import Deployment
from infra.policies_refit import JOB, account
from infra.queries import queries
from infra.rules import policy
from regen.schemas import STAGING_DATASET, tables
from regen.services.state import paths
from regen.sql import Names
from regen.sql.render import render
from regen.sql.views import views


@policy
def tables_are_the_schema_files(d: Deployment) -> Iterator[str]:
    """Each table of ours has the columns, partition and cluster of its file; views and function have the code's text."""
    planned = {r.values["table_id"]: r for r in d.of("google_bigquery_table") if not r.values["view"]}
    ours = {t.name: t for t in tables() if t.owner == "regen"}
    if set(planned) != set(ours):
        yield f"tables: {sorted(set(planned) ^ set(ours))}"
    for name in planned.keys() & ours.keys():
        values, table = planned[name].values, ours[name]
        columns = [(f["name"], f["type"], f["mode"], f["description"]) for f in json.loads(values["schema"])]
        if columns != [(f.name, f.type, f.mode, f.description) for f in table.fields]:
            yield f"{name}: columns"
        partition = [(p["type"], p["field"], p["expiration_ms"]) for p in values["time_partitioning"]]
        if partition != ([(table.partition.type, table.partition.field, None)] if table.partition else []):
            yield f"{name}: partitioned by {partition}"
        if tuple(values["clustering"] or ()) != table.cluster or values["dataset_id"] != table.dataset:
            yield f"{name}: cluster or dataset"
        if values["require_partition_filter"] != table.require_partition_filter or not values["deletion_protection"]:
            yield f"{name}: partition filter or protection"
    yield from _statements(d)


def _statements(d: Deployment) -> Iterator[str]:
    environment = d.environment("verifier")
    minutes = float(d.environment("coordinator")["REGEN_MIN_MINUTES"])
    names = Names(environment["REGEN_PROJECT"], environment["REGEN_DATASET_PREFIX"], minutes)
    texts = {
        r.values["table_id"]: r.values["view"][0]["query"] for r in d.of("google_bigquery_table") if r.values["view"]
    }
    texts |= {r.values["routine_id"]: r.values["definition_body"] for r in d.of("google_bigquery_routine")}
    code = {view.name: view.statement for view in views()}
    code["predictions_at"] = "predictions_at_function"
    for name, file in code.items():
        rendered = render(file, names)
        head, _, body = rendered.partition(" AS\n")
        if texts.get(name, "").strip() != body.strip():
            yield f"{name}: not the text of {file}.sql"
        if name == "predictions_at" and "(day DATE, moment TIMESTAMP)" not in head:
            yield f"{name}: arguments"
    for r in d.of("google_bigquery_routine"):
        arguments = [(a["name"], json.loads(a["data_type"])["typeKind"]) for a in r.values["arguments"]]
        if arguments != [("day", "DATE"), ("moment", "TIMESTAMP")]:
            yield f"{r.address}: {arguments}"


@policy
def staging_expires(d: Deployment) -> Iterator[str]:
    """What is staged goes away by itself, and nothing else does."""
    for r in d.of("google_bigquery_dataset"):
        expires = r.values["default_table_expiration_ms"]
        if r.values["dataset_id"].endswith(STAGING_DATASET) != (expires == 86_400_000):
            yield f"{r.address}: expires after {expires} ms"
        if r.values["default_partition_expiration_ms"]:
            yield f"{r.address}: partitions expire"


@policy
def records_expire_and_leases_do_not(d: Deployment) -> Iterator[str]:
    """Each collection with `expires_at` has a TTL policy; leases have none, or their tokens would start from one again."""
    ttl = {r.values["collection"] for r in d.of("google_firestore_field") if r.values["ttl_config"]}
    for collection in {paths.BATCHES, "requests", "excluded", paths.IDEMPOTENCY, paths.BACKFILLS} - ttl:
        yield f"{collection}: kept for ever"
    if paths.LEASES in ttl or paths.DATES in ttl or paths.OUTBOX in ttl:
        yield "leases, dates or outbox expire"
    for r in d.of("google_firestore_field"):
        if r.values["ttl_config"] and r.values["field"] != "expires_at":
            yield f"{r.address}: expires by {r.values['field']}"


@policy
def what_is_queried_is_indexed(d: Deployment) -> Iterator[str]:
    """No query meets an exempted field; large and outside data is exempted; no composite index is missing or idle."""
    exempt = {
        (r.values["collection"], r.values["field"])
        for r in d.of("google_firestore_field")
        if r.values["index_config"] == [{"indexes": []}]
    }
    for query in queries():
        for name in query.fields:
            if (query.collection, name) in exempt:
                yield f"{query.where}: {query.collection}.{name} is queried, and not indexed"
        if query.needs_composite and not d.of("google_firestore_index"):
            yield f"{query.where}: {sorted(query.fields)} need a composite index"
    large = {(paths.BATCHES, f) for f in ("history", "verdict", "metadata")}
    large |= {("requests", f) for f in ("inputs", "outcomes", "given", "players", "challengers")} | {
        ("excluded", "players")
    }
    large |= {(paths.OUTBOX, "payload")}
    yield from (f"{collection}.{name}: indexed" for collection, name in sorted(large - exempt))
    yield from (f"{r.address}: no query needs it" for r in d.of("google_firestore_index"))


@policy
def inputs_are_kept_as_long_as_rows(d: Deployment) -> Iterator[str]:
    """The verifier writes into the one bucket of inputs, nobody else does, and nothing ever deletes or replaces there."""
    named = {d.environment(key).get("REGEN_INPUTS_STORE", "").removeprefix("gs://") for key in d.functions()}
    buckets = [r for r in d.of("google_storage_bucket") if r.values["name"] in named]
    if len(named) != 1 or len(buckets) != 1:
        yield f"functions keep inputs in {sorted(named)}"
    for r in buckets:
        for rule in r.values["lifecycle_rule"]:
            if rule["action"][0]["type"] != "SetStorageClass":
                yield f"{r.address}: {rule['action'][0]['type']}, and rows have no end"
        if not r.values["versioning"] or not r.values["versioning"][0]["enabled"]:
            yield f"{r.address}: what is deleted by mistake is gone"
        verifier = f"serviceAccount:{d.account('verifier')}"
        own = {("roles/storage.objectCreator", verifier), ("roles/storage.objectViewer", verifier)}
        given = {(role, member) for g, role, member in d.grants() if g.values.get("bucket") == r.values["name"]}
        people = {
            one for one in given if one[0] == "roles/storage.objectViewer" and one[1].startswith(("group:", "user:"))
        }
        if given - people != own:
            yield f"{r.address}: {sorted((given - people) ^ own)}"


@policy
def models_are_kept_as_long_as_rows(d: Deployment) -> Iterator[str]:
    """Coordinator and worker load from the one bucket of models, the refit publishes there; no account replaces or deletes an object, and none expires."""
    named = {d.environment(key).get("REGEN_MODELS_STORE", "").removeprefix("gs://") for key in d.functions()}
    buckets = [r for r in d.of("google_storage_bucket") if r.values["name"] in named]
    if len(named) != 1 or len(buckets) != 1:
        yield f"functions load models from {sorted(named)}"
    coordinator, worker = (f"serviceAccount:{d.account(key)}" for key in ("coordinator", "worker"))
    creator, viewer = "roles/storage.objectCreator", "roles/storage.objectViewer"
    for r in buckets:
        if r.values["lifecycle_rule"]:
            yield f"{r.address}: models end, and rows that name them have no end"
        if not r.values["versioning"] or not r.values["versioning"][0]["enabled"]:
            yield f"{r.address}: what is deleted by mistake is gone"
        own = {(creator, coordinator), (viewer, coordinator), (viewer, worker)}
        own |= {(role, f"serviceAccount:{account(job)}") for job in d.of(JOB) for role in (creator, viewer)}
        given = {(role, member) for g, role, member in d.grants() if g.values.get("bucket") == r.values["name"]}
        people = {one for one in given if one[0] in {creator, viewer} and one[1].startswith(("group:", "user:"))}
        if given - people != own:
            yield f"{r.address}: {sorted((given - people) ^ own)}"
