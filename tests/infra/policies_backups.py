"""The rules for backups: what cannot be made again is copied each day, by an account that can do nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.deployment import Deployment, Resource, last
from infra.rules import policy
from regen.schemas import STAGING_DATASET, tables

TRANSFER = "google_bigquery_data_transfer_config"
DATASET = "google_bigquery_dataset"
#: What the two roles of the account may have, and nothing more: what is read, and where the copies are.
SOURCE = {f"bigquery.tables.{act}" for act in ("createSnapshot", "deleteSnapshot", "get", "getData")}
TARGET = {f"bigquery.tables.{act}" for act in ("create", "deleteSnapshot", "get", "updateData")} | {
    "bigquery.datasets.get"
}


def _account(d: Deployment) -> str:
    return f"serviceAccount:{d.one('google_service_account', 'backups').values['email']}"


def _backups(d: Deployment) -> Resource:
    return d.one(DATASET, "backups")


@policy
def what_cannot_be_made_again_has_a_snapshot(d: Deployment) -> Iterator[str]:
    """Each table of ours is in the daily script, or its schema file says why it needs no copy; each copy expires."""
    scripts = [r for r in d.of(TRANSFER) if r.values["data_source_id"] == "scheduled_query"]
    running = [r for r in scripts if not r.values["disabled"] and str(r.values["schedule"]).startswith("every day ")]
    text = "\n".join(r.values["params"]["query"] for r in running)
    copied = set(re.findall(r"\('(\w+)', '(\w+)'\)", text))
    prefix = d.environment("verifier")["REGEN_DATASET_PREFIX"]
    for table in tables():
        if table.made_again is None and (f"{prefix}{table.dataset}", table.name) not in copied:
            yield f"{table.name}: no snapshot, and its schema file does not say that it can be made again"
    backups = _backups(d).values
    if f"`{d.environment('verifier')['REGEN_PROJECT']}.{backups['dataset_id']}.%s_%s`" not in text:
        yield "the snapshots are not in the dataset of backups"
    kept = re.search(r"TIMESTAMP_ADD\(moment, INTERVAL (\d+) DAY\)", text)
    if "expiration_timestamp" not in text or not kept or int(kept[1]) < 8:
        yield "snapshots are kept for ever, or no longer than BigQuery's own seven days"
    if text.count("DEFAULT TIMESTAMP_TRUNC(CURRENT_TIMESTAMP()") != 1 or "FOR SYSTEM_TIME AS OF" not in text:
        yield "the snapshots are not of one moment"
    for r in running:
        if r.values["location"] != backups["location"]:
            yield f"{r.address}: runs in {r.values['location']}, the tables are in {backups['location']}"
        if f"serviceAccount:{r.values['service_account_name']}" != _account(d):
            yield f"{r.address}: runs as {r.values['service_account_name']}"


@policy
def snapshots_outlive_their_tables(d: Deployment) -> Iterator[str]:
    """They are in a dataset of their own, where only the account of the backups writes."""
    backups = _backups(d).values
    others = {r.values["dataset_id"] for r in d.of(DATASET) if r.key != "backups"}
    if backups["dataset_id"] in others or backups["dataset_id"].endswith(STAGING_DATASET):
        yield "the snapshots are in the dataset of what they are taken of"
    if backups["default_table_expiration_ms"]:
        yield "the dataset decides when a snapshot expires, and not the script"
    there = [(r, m) for r, _, m in d.grants() if r.values.get("dataset_id") == backups["dataset_id"]]
    if {m for _, m in there} != {_account(d)}:
        yield f"into the backups write {sorted({m for _, m in there})}"


@policy
def the_account_of_backups_takes_snapshots_alone(d: Deployment) -> Iterator[str]:
    """It has what BigQuery asks for a snapshot that expires, table by table, and no more; the transfer service signs for it."""
    roles = {r.values["id"]: set(r.values["permissions"]) for r in d.of("google_project_iam_custom_role")}
    member, seen = _account(d), set()
    for r, role, who in d.grants():
        if who != member:
            continue
        if r.kind == "google_bigquery_table_iam_member":
            seen.add(last(r.values["table_id"]))
            good = roles.get(role) == SOURCE
        elif r.kind == "google_bigquery_dataset_iam_member":
            good = roles.get(role) == TARGET and r.values["dataset_id"] == _backups(d).values["dataset_id"]
        else:
            good = (r.kind, role) == ("google_project_iam_member", "roles/bigquery.jobUser")
        if not good:
            yield f"{r.address}: {role}"
    if seen != {t.name for t in tables() if t.made_again is None}:
        yield f"may copy {sorted(seen)}"
    if not any(who == member and r.kind == "google_project_iam_member" for r, _, who in d.grants()):
        yield "may run no job"
    agent = d.service_agent("transfers")
    signs = [r for r in d.of("google_service_account_iam_member") if r.values["member"] == agent]
    if not any(f"serviceAccount:{last(r.values['service_account_id'])}" == member for r in signs):
        yield "the transfer service may not sign in its name"
