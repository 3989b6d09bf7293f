"""The deployment guide as a newcomer types it: every name in it is one that exists."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer

from regen import league
from regen.cli.main import make_app
from regen.data import importer
from regen.topology import topology

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "deployment.md").read_text()
TAKING_OVER = (ROOT / "docs" / "taking-over.md").read_text()
TERRAFORM = "\n".join(path.read_text() for path in sorted((ROOT / "infra").glob("*.tf")))
BLOCK = GUIDE.partition("## In twelve commands")[2].partition("```sh\n")[2].partition("```")[0]
COMMANDS = {int(n): text.strip() for text, n in re.findall(r"^(.*?)\s+#\s+(\d+)$", BLOCK, re.MULTILINE)}


def test_guide_explains_each_of_its_twelve_commands() -> None:
    assert list(COMMANDS) == list(range(1, 13))
    assert len(BLOCK.strip().splitlines()) == 12
    explained = GUIDE.partition("## In twelve commands")[2].partition("\n## ")[0]
    said = {int(n) for n in re.findall(r"^(\d+)\. ", explained, re.MULTILINE)} | {7}
    assert said == set(COMMANDS)


def test_both_logins_come_first() -> None:
    """Command 7 is gcloud's, and Terraform has credentials of its own."""
    assert COMMANDS[1] == "gcloud auth login --update-adc"
    assert "gcloud secrets versions add" in COMMANDS[7]


def _regen_lines() -> list[str]:
    found = [part.strip() for text in COMMANDS.values() for part in text.split("&&") if ".venv/bin/regen" in part]
    return [part.removeprefix(".venv/bin/regen ") for part in found]


@pytest.mark.parametrize("line", _regen_lines())
def test_the_command_line_takes_the_command(line: str) -> None:
    command: Any = typer.main.get_command(make_app())
    rest = shlex.split(line)
    while hasattr(command, "commands"):
        assert rest[0] in command.commands, line
        command, rest = command.commands[rest[0]], rest[1:]
    assert command.make_context("regen", rest)


def test_first_apply_targets_exist() -> None:
    targets = re.findall(r"-target=(\w+)\.(\w+)", GUIDE + TAKING_OVER)
    assert len(targets) >= 4
    assert [f"{k}.{n}" for k, n in targets if f'resource "{k}" "{n}"' not in TERRAFORM] == []


def test_every_variable_and_output_of_the_guides_exists() -> None:
    text = GUIDE + TAKING_OVER
    variables = set(re.findall(r"TF_VAR_(\w+)", text)) | set(re.findall(r"-var (\w+)=", text))
    assert {"project_id", "firestore_location", "bigquery_location", "operators", "protect"} <= variables
    assert {v for v in variables if f'variable "{v}"' not in TERRAFORM} == set()
    assert {o for o in re.findall(r"output -raw (\w+)", text) if f'output "{o}"' not in TERRAFORM} == set()


def test_every_resource_named_in_the_guides_exists() -> None:
    known = topology()
    names = {s.name for s in known.schedules} | set(known.topics)
    names |= {s.name for s in known.push_subscriptions} | {s.name for s in known.pull_subscriptions}
    typed = re.findall(
        r"(?:jobs (?:run|pause|resume|describe)|topics publish|subscriptions (?:describe|pull|modify-push-config))\s+([a-z-]+)",
        GUIDE,
    )
    assert len(typed) >= 2
    assert {name for name in typed if name not in names} == set()


def test_the_guide_says_which_terraform_and_how_to_get_it() -> None:
    (needed,) = re.findall(r'required_version = ">= ([\d.]+)"', TERRAFORM)
    assert f"`terraform` {needed} or later" in GUIDE
    (fetched,) = re.findall(r"releases\.hashicorp\.com/terraform/([\d.]+)/", GUIDE)
    assert tuple(map(int, fetched.split("."))) >= tuple(map(int, needed.split(".")))
    assert "Cloud Shell" in GUIDE
    assert "1.5.7" in GUIDE
    assert "terraform -chdir=infra providers lock -platform=linux_amd64" in GUIDE


@pytest.mark.parametrize("provider", ["google", "google-beta"])
def test_provider_versions_with_known_bugs_are_excluded(provider: str) -> None:
    """7.31, 7.40 and 7.45 mended: headers that differ for ever, a schedule's 409, and rights lost by a dataset's update."""
    (wanted,) = re.findall(rf'source  = "hashicorp/{provider}"\n\s+version = "([^"]+)"', TERRAFORM)
    assert wanted == ">= 7.45, < 8.0"


@pytest.mark.parametrize(
    "said",
    [
        "API has not been used in project",
        "Unsupported Terraform Core version",
        "constraints/iam.allowedPolicyMemberDomains",
        "Database already exists",
        "must be replaced",
        "Cannot find metric that matches type",
        "set bigquery_location",
    ],
)
def test_guide_lists_each_failure_of_a_first_apply(said: str) -> None:
    table = GUIDE.partition("## When a first apply fails")[2].partition("\n### ")[0]
    assert any(said in row and row.count("|") == 4 for row in table.splitlines())


class _Tables:
    """Takes what an import loads."""

    def __init__(self) -> None:
        self.rows: dict[str, list[Mapping[str, Any]]] = {}

    def replace(self, parts: Sequence[importer.Part]) -> None:
        for part in parts:
            self.rows.setdefault(part.table, []).extend(part.rows)


def test_the_import_before_the_first_date_is_enough_for_it() -> None:
    """Without rows of its slate, its players' games and their features, the first date is answered 404."""
    tables = _Tables()
    (first,) = {date.fromisoformat(d) for n in (11, 12) for d in re.findall(r"\d{4}-\d\d-\d\d", COMMANDS[n])}
    days = frozenset(first - timedelta(days=n) for n in range(4))
    importer.import_data(league.as_data(league.generate()), tables, importer.ImportOptions(dates=days, zones=False))
    of_the_date = {name: [r for r in rows if str(r["game_date"]) == str(first)] for name, rows in tables.rows.items()}
    assert len(of_the_date["upcoming_player_game_context"]) > 50
    assert len(of_the_date["ml_feature_store_v2"]) > 50
    assert any(str(r["game_date"]) < str(first) for r in tables.rows["player_game_summary"])
    for name in ("upcoming_player_game_context", "player_game_summary", "ml_feature_store_v2"):
        assert f"`{name}`" in GUIDE.partition("10. A date can be")[2].partition("11. ")[0]
