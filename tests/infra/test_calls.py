"""The guide's table of calls and rights is what the code calls, and what the plan grants."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.calls import calls_of, calls_of_console, calls_of_people, client_calls
from infra.deployment import Deployment, Resource, last
from infra.policies_console import account, consoles
from infra.writing import PORT_CALL, written_by
from regen.cli.doctor.deployed import PERMISSIONS
from regen.schemas import STAGING_DATASET, tables

ROOT = Path(__file__).parents[2]
FUNCTIONS = ("coordinator", "verifier", "worker")
#: Of each predefined role, the permissions that regen leans on (Google Cloud, "IAM basic and predefined roles reference").
ROLES = {
    "roles/bigquery.dataEditor": {
        *("bigquery.tables.create", "bigquery.tables.delete", "bigquery.tables.get", "bigquery.tables.getData"),
        *("bigquery.tables.list", "bigquery.tables.update", "bigquery.tables.updateData"),
    },
    "roles/bigquery.dataViewer": {
        *("bigquery.routines.get", "bigquery.tables.get", "bigquery.tables.getData", "bigquery.tables.list"),
    },
    "roles/bigquery.jobUser": {"bigquery.jobs.create"},
    "roles/bigquery.metadataViewer": {"bigquery.datasets.get", "bigquery.tables.get", "bigquery.tables.list"},
    "roles/cloudscheduler.viewer": {"cloudscheduler.jobs.get", "cloudscheduler.jobs.list"},
    "roles/datastore.user": {f"datastore.entities.{w}" for w in ("create", "delete", "get", "list", "update")},
    "roles/eventarc.viewer": {"eventarc.triggers.get", "eventarc.triggers.list"},
    "roles/logging.viewer": {"logging.logEntries.list"},
    "roles/monitoring.viewer": {"monitoring.timeSeries.list"},
    "roles/pubsub.publisher": {"pubsub.topics.publish"},
    "roles/pubsub.viewer": {"pubsub.subscriptions.get", "pubsub.subscriptions.list"},
    "roles/run.viewer": {"run.services.get", "run.services.list"},
    "roles/secretmanager.secretAccessor": {"secretmanager.versions.access"},
    "roles/storage.objectCreator": {"storage.objects.create"},
    "roles/storage.objectViewer": {"storage.objects.get", "storage.objects.list"},
}


@dataclass(frozen=True)
class Row:
    """One line of the table, for one of its `who`."""

    who: str
    calls: frozenset[str]
    permissions: frozenset[str]
    role: str
    where: str


def rows() -> Iterator[Row]:
    text = (ROOT / "docs" / "deployment.md").read_text()
    table = text.partition("### Which call needs which right")[2].partition("\n## ")[0]
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) == 5 and "`" in line:
            calls, permissions = (frozenset(re.findall(r"`([^`]+)`", cells[i])) for i in (1, 2))
            for who in cells[0].strip("| ").split(", "):
                yield Row(who, calls, permissions, cells[3].strip("`"), cells[4].strip(" |"))


ROWS = list(rows())
RIGHTS = [row for row in ROWS if row.permissions]


def _member(d: Deployment, who: str) -> str:
    if who == "operators":
        return "group:data@example.com"
    return f"serviceAccount:{account(consoles(d)[0]) if who == 'console' else d.account(who)}"


def missing(d: Deployment, row: Row) -> list[str]:
    """Where the row's role is not given, of all places that it names."""
    member = _member(d, row.who)
    given = [r for r, role, m in d.grants() if (role, m) == (row.role, member)]
    return sorted(PLACES[row.where](d, row.who, given))


def _project(_: Deployment, __: str, given: list[Resource]) -> set[str]:
    return set() if any(r.kind == "google_project_iam_member" for r in given) else {"the project"}


def _topics(_: Deployment, who: str, given: list[Resource]) -> set[str]:
    text = (ROOT / "infra" / "iam.tf").read_text()
    (listed,) = re.findall(rf"^      {who}\s+= (\[.*prediction-request.*\])$", text, re.MULTILINE)
    return set(re.findall(r'"([^"]+)"', listed)) - {last(r.values["topic"]) for r in given}


def _datasets(_: Deployment, __: str, given: list[Resource]) -> set[str]:
    return {t.dataset for t in tables()} - {r.values["dataset_id"] for r in given}


def _tables(_: Deployment, who: str, given: list[Resource]) -> set[str]:
    return written_by(who) - {r.values.get("table_id") for r in given}


def _staging(_: Deployment, __: str, given: list[Resource]) -> set[str]:
    return {STAGING_DATASET} - {r.values.get("dataset_id") for r in given if "table_id" not in r.values}


def _secrets(d: Deployment, who: str, given: list[Resource]) -> set[str]:
    used = {s["secret"] for s in d.functions()[who]["secret_environment_variables"]}
    return used - {last(r.values["secret_id"]) for r in given}


def _bucket(_: Deployment, __: str, given: list[Resource]) -> set[str]:
    return set() if any(str(r.values.get("bucket")).endswith("-inputs") for r in given) else {"the bucket of inputs"}


def _models(_: Deployment, __: str, given: list[Resource]) -> set[str]:
    return set() if any(str(r.values.get("bucket")).endswith("-models") for r in given) else {"the bucket of models"}


PLACES: dict[str, Callable[[Deployment, str, list[Resource]], set[str]]] = {
    "the database": _project,
    "the project": _project,
    "the topics it publishes to": _topics,
    "inputs and outputs": _datasets,
    "the tables it changes": _tables,
    "staging": _staging,
    "the bucket of inputs": _bucket,
    "the bucket of models": _models,
    "its secrets": _secrets,
}


@pytest.mark.parametrize("who", FUNCTIONS)
def test_every_google_call_has_its_permission(who: str) -> None:
    documented = {c for row in ROWS if row.who == who for c in row.calls if not c.startswith("secret")}
    assert documented == calls_of(who)


def test_every_call_of_the_command_line_has_its_permission() -> None:
    documented = {c for row in ROWS if row.who == "operators" for c in row.calls}
    assert documented == calls_of_people()


def test_every_call_of_the_console_has_its_permission() -> None:
    documented = {c for row in ROWS if row.who == "console" for c in row.calls}
    assert documented == calls_of_console()
    assert documented == {"bigquery: get_table", "bigquery: query", "bigquery: result"}


@pytest.mark.parametrize("row", RIGHTS, ids=lambda r: f"{r.who} {r.role} {r.where}")
def test_the_role_has_the_permission_and_is_given(row: Row, deployed: Deployment) -> None:
    assert row.permissions <= ROLES[row.role]
    assert missing(deployed, row) == []


@pytest.mark.parametrize("row", RIGHTS, ids=lambda r: f"{r.who} {r.role} {r.where}")
def test_a_right_that_is_taken_away_is_missed(row: Row, deployed: Deployment) -> None:
    member = _member(deployed, row.who)
    given = [r for r, role, m in deployed.grants() if (role, m) == (row.role, member)]
    left = Deployment(tuple(r for r in deployed.resources if r not in given))
    assert missing(left, row)


def test_permissions_that_the_doctor_checks_are_granted(deployed: Deployment) -> None:
    """Each permission that the command asks for names its role; a role that is not given would be reported for ever."""
    given = {role for _, role, member in deployed.grants() if member == "group:data@example.com"}
    for permission, text in PERMISSIONS.items():
        (role,) = re.findall(r"roles/[\w.]+", text)
        assert permission in ROLES[role]
        assert role in given, f"{permission}: operators have no {role}"


def test_only_the_question_for_ones_own_rights_needs_none() -> None:
    """https://cloud.google.com/resource-manager/reference/rest/v3/projects/testIamPermissions"""
    assert [(row.who, set(row.calls)) for row in ROWS if not row.permissions] == [("operators", {"rest: projects"})]


def test_a_call_through_a_routes_own_deps_is_found() -> None:
    text = "deps.store.get(p)\nself._deps.warehouse.promote(x)\nother_deps.queue.publish(t)\nself.deps.books.verify()"
    assert PORT_CALL.findall(text) == [("store", "get"), ("warehouse", "promote"), ("books", "verify")]


def test_people_only_read(deployed: Deployment) -> None:
    """They publish models beside it, which no batch uses before an order says so."""
    given = {
        (role, str(r.values.get("bucket", "")).rpartition("-")[2])
        for r, role, member in deployed.grants()
        if member.startswith(("group:", "user:"))
    }
    assert ("roles/storage.objectCreator", "models") in given
    given.remove(("roles/storage.objectCreator", "models"))
    looking = {"roles/bigquery.jobUser", "roles/iap.httpsResourceAccessor"}
    assert all(role.lower().endswith("viewer") or role in looking for role, _ in given)


def test_unlisted_google_call_is_found(tmp_path: Path) -> None:
    text = "def f(self):\n    self._client.copy_table('a', 'b')\n"
    with pytest.raises(AssertionError, match="is copy_table a call over the network"):
        list(client_calls(tmp_path / "warehouse.py", ast.parse(text)))


def test_a_method_that_is_handed_on_is_a_call(tmp_path: Path) -> None:
    text = "def f(self, client):\n    got(self._client.get_table)\n    got(client.get_routine)\n"
    found = set(client_calls(tmp_path / "warehouse.py", ast.parse(text)))
    assert found == {"bigquery: get_table", "bigquery: get_routine"}
