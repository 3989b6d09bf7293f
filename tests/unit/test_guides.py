"""What docs/contributing/ asks for is there: each test names the step that was forgotten.

One page guides through adding each kind of thing. The field of a request has tests/unit/test_request_fields.py, the room
tests/unit/test_docs_architecture.py.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from regen.data import csvs
from regen.data.formats import FORMATS
from regen.data.formats.page import page
from regen.data.formats.shape import KINDS as RECORDS
from regen.data.formats.shape import Format
from regen.domain import checks
from regen.domain.alerts import AlertKind
from regen.domain.checks import CHECKS
from regen.domain.invariants import INVARIANTS
from regen.league import files as league_files
from regen.systems import load_artefact, system_ids

ROOT = Path(__file__).parents[2]
SOURCE, DOCS, TESTS = ROOT / "src" / "regen", ROOT / "docs", ROOT / "tests"
GUIDES = sorted((DOCS / "contributing").glob("*.md"))
KINDS = {"system", "check", "alert", "invariant", "request-field", "setting", "statement", "format"}
SCREEN = 45

POLICIES = {
    AlertKind.BATCH_REJECTED: "batch_rejected",
    AlertKind.BATCH_HELD: "batch_held",
    AlertKind.BATCH_HEALED: "batch_healed",
    AlertKind.DEAD_LETTER: "dead_letter",
    AlertKind.MESSAGE_MALFORMED: "malformed",
    AlertKind.BATCH_STUCK: "sweep_missing",
    AlertKind.SOURCE_LATE: "source_late",
    AlertKind.SOURCE_SHRUNK: "source_shrunk",
    AlertKind.QUALITY_BIAS: "live_quality",
    AlertKind.QUALITY_SKEW: "live_quality",
    AlertKind.QUALITY_LINES: "live_quality",
    AlertKind.QUALITY_DRIFT: "live_quality",
}
"""The policy of infra/alerts.tf that sees the same thing on the platform's side, without the webhook."""
BY_TOPIC_ALONE = {
    AlertKind.BATCH_FAILED: "a lost opening, which `batch_healed` sees",
    AlertKind.BATCH_PARTIAL: "a warning about data, for those who read the chat",
    AlertKind.PREDICTIONS_WITHDRAWN: "a warning about data, for those who read the chat",
    AlertKind.AUDIT_DISAGREEMENT: "found by the daily check, which leaves no line of its own kind",
    AlertKind.COVERAGE_LOW: "found by the daily check, which leaves no line of its own kind",
    AlertKind.BDB_OVERDUE: "upstream's delay, nothing of the platform's",
    AlertKind.STAGING_ORPHANED: "costs storage for some hours, then expires",
    AlertKind.OUTBOX_DEAD: "its line is an ERROR, which `unexpected_error` sees",
    AlertKind.ACCESS_DENIED: "a denied call answers 5xx, which `server_errors` sees",
    AlertKind.MODEL_UNAVAILABLE: "the batch is predicted by the model before it; a lost one of a live batch, or one as ONNX, answers 5xx",
    AlertKind.PLATFORM_HALTED: "an operator's order, for those who read the chat",
    AlertKind.START_FAILED: "a start that answers 4xx is a failed job, which Cloud Scheduler shows; one that never came leaves no line",
    AlertKind.RECORD_UNREADABLE: "its line is an ERROR, which `unexpected_error` sees",
}
UNREACHED: dict[AlertKind, str] = {}
"""Alerts whose code no run reaches: each is a defect to be settled, by raising it or by dropping it."""
OWN_CORRUPTION = {"no_orphans": "test_old_staging_table_is_an_orphan"}
"""Invariants whose corruption is not a row: the test in tests/integration/test_verify.py that breaks it."""


@cache
def read(path: Path) -> str:
    return path.read_text()


@cache
def all_tests() -> str:
    """All tests but this one."""
    return "\n".join(read(path) for path in sorted(TESTS.rglob("*.py")) if path != Path(__file__))


# The pages themselves


def test_there_is_a_page_for_each_kind_of_thing() -> None:
    assert {page.stem for page in GUIDES} - {"README"} >= KINDS


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_a_guide_fits_on_a_screen(page: Path) -> None:
    assert len(read(page).splitlines()) <= SCREEN


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_a_guide_names_files_and_tests_that_are_there(page: Path) -> None:
    named = re.findall(r"`((?:src|tests|docs|infra|tools|requirements)/[\w./-]+)(?:::(\w+))?`", read(page))
    assert named or page.stem == "README"
    for name, test in named:
        path = ROOT / name
        assert path.exists(), f"{page.name}: {name}"
        assert not test or f"def {test}(" in read(path), f"{page.name}: {name}::{test}"


# docs/contributing/system.md


@pytest.mark.parametrize("system_id", system_ids())
def test_a_system_has_an_artefact(system_id: str) -> None:
    assert system_id in load_artefact().models, (
        f"{system_id} has no fitted model: run `regen train`, commit artefact.json"
    )


@pytest.mark.parametrize("system_id", system_ids())
def test_a_system_has_its_rows_in_the_accuracy_page(system_id: str) -> None:
    rows = re.findall(rf"^\| {re.escape(system_id)} ", read(DOCS / "accuracy.md"), re.MULTILINE)
    assert rows, f"docs/accuracy.md has no row of {system_id}: run `regen evaluate` and paste its table"


@pytest.mark.parametrize("system_id", system_ids())
def test_a_system_is_named_by_a_test(system_id: str) -> None:
    found = re.search(rf"\b{re.escape(system_id)}\b", read(TESTS / "unit" / "test_systems_estimates.py"))
    assert found, f"tests/unit/test_systems_estimates.py says nothing of {system_id}"


# docs/contributing/check.md


def checks_of_the_runbook() -> set[str]:
    """The names in the first column of docs/operations.md's table of checks."""
    lines = read(DOCS / "operations.md").split("\n| check | ")[1].split("\n\n")[0].splitlines()
    return {name for line in lines[2:] if line.startswith("|") for name in re.findall(r"`(\w+)`", line.split("|")[1])}


@pytest.mark.parametrize("name", [check.name for check in CHECKS])
def test_a_check_has_its_row_in_the_runbook(name: str) -> None:
    assert name in checks_of_the_runbook(), f"docs/operations.md: the table of checks has no row of {name}"


def test_the_runbook_has_no_check_that_is_gone() -> None:
    assert checks_of_the_runbook() == {check.name for check in CHECKS}


@pytest.mark.parametrize("name", [check.name for check in CHECKS])
def test_a_check_is_named_by_a_test(name: str) -> None:
    assert re.search(rf"\b{name}\b", all_tests()), f"no test makes {name} fail"


def test_every_function_of_a_check_is_declared() -> None:
    """A check that is written and not declared in `CHECKS` looks at nothing."""
    looked = {check.look for check in CHECKS}
    names = {getattr(look, "__name__", "") for look in looked} | {check.name for check in CHECKS}
    for module in (checks.produced, checks.slate, checks.players, checks.moves):
        for name, value in vars(module).items():
            kind: Any = getattr(value, "__annotations__", {})
            if getattr(value, "__module__", "") == module.__name__ and kind.get("return") in {"Finding", "CheckResult"}:
                assert name.startswith("_") or name in names, f"{module.__name__}.{name} is in no line of CHECKS"


# docs/contributing/alert.md


@pytest.mark.parametrize("kind", AlertKind)
def test_an_alert_is_raised_by_some_code(kind: AlertKind) -> None:
    raised = [
        path for path in SOURCE.rglob("*.py") if f"AlertKind.{kind.name}" in read(path) and path.name != "alerts.py"
    ]
    assert raised, f"nothing raises {kind}"


@pytest.mark.parametrize("kind", AlertKind)
def test_an_alert_is_named_by_a_test(kind: AlertKind) -> None:
    named = re.search(rf"AlertKind\.{kind.name}\b|\"{kind}\"", all_tests()) is not None
    assert named != (kind in UNREACHED), f"no test raises {kind}"


@pytest.mark.parametrize("kind", AlertKind)
def test_an_alert_has_a_policy_or_says_why_not(kind: AlertKind) -> None:
    assert (kind in POLICIES) != (kind in BY_TOPIC_ALONE), f"{kind}: a policy of infra/alerts.tf, or why none is needed"
    if kind in POLICIES:
        assert re.search(rf"\b{POLICIES[kind]}\b", read(ROOT / "infra" / "alerts.tf")), (
            f"infra/alerts.tf: {POLICIES[kind]}"
        )


# docs/contributing/invariant.md


@pytest.mark.parametrize("name", INVARIANTS)
def test_an_invariant_is_measured(name: str) -> None:
    code = "\n".join(
        read(path) for path in [*SOURCE.rglob("verify_*.sql"), SOURCE / "adapters" / "bigquery" / "looking.py"]
    )
    assert re.search(rf"\b{name}\b", code), f"no verify_*.sql measures {name}"


@pytest.mark.parametrize("name", INVARIANTS)
def test_an_invariant_is_broken_by_a_test(name: str) -> None:
    module = read(TESTS / "integration" / "test_verify.py")
    if name in OWN_CORRUPTION:
        assert f"def {OWN_CORRUPTION[name]}(" in module
        return
    corruptions = module.split("\nCORRUPTIONS = ", 1)[1].split("\n]\n")[0]
    assert f'"{name}"' in corruptions, f"CORRUPTIONS in tests/integration/test_verify.py has none that breaks {name}"


@pytest.mark.parametrize("name", INVARIANTS)
def test_an_invariant_has_its_row_in_the_runbook(name: str) -> None:
    assert f"\n| `{name}` | " in read(DOCS / "operations.md"), (
        f"docs/operations.md: the table of invariants lacks {name}"
    )


# docs/contributing/format.md


def test_the_data_page_has_what_the_formats_declare() -> None:
    assert page() in read(DOCS / "data.md"), "run .venv/bin/python tools/data_page.py"


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_a_format_has_a_test(form: Format) -> None:
    known = read(TESTS / "unit" / "test_features_csvs.py") if form.name in RECORDS else ""
    known += read(TESTS / "unit" / "test_import_formats.py")
    alias = form.name.removesuffix("_json")
    assert re.search(rf"\b{form.name}\b|def test_{alias}\w*\(|{_constant_of(form)}", known), f"no test of {form.name}"


def _constant_of(form: Format) -> str:
    return form.name.upper() if form.name in RECORDS else form.name


@pytest.mark.parametrize("name", csvs.FILES)
def test_the_sample_league_writes_each_file(name: str) -> None:
    assert re.search(rf"\b{name}\b|{_constant(name)}", read(Path(league_files.__file__))), (
        f"the sample league has no {name}"
    )


@pytest.mark.parametrize("name", csvs.FILES)
def test_a_file_is_named_by_a_test_of_its_reader(name: str) -> None:
    module = read(TESTS / "unit" / "test_features_csvs.py")
    assert re.search(rf"\b{name}\b|{_constant(name)}", module), f"tests/unit/test_features_csvs.py: nothing of {name}"


def _constant(name: str) -> str:
    (found,) = (key for key, value in vars(csvs).items() if value == name and key.isupper())
    return rf"\b{found}\b"
