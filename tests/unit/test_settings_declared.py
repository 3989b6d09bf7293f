"""A setting is one row of settings.json: whatever else must know of it does, or a test names what is missing."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import NODEFAULT
from msgspec.structs import fields

from regen.domain.checks import CHECKS, Evidence, judge
from regen.local import plan
from regen.local.imports import imported_modules
from regen.local.packaging import package_functions
from regen.services.state.deps import Config
from regen.settings import Setting, declared, field_of, limits, text_of
from regen.web import bootstrap
from regen.web.settings import Settings, read_settings, read_value

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "regen"
FUNCTIONS = ("coordinator", "verifier", "worker")
COMMANDS = "command line"
READERS = (*FUNCTIONS, "console", COMMANDS)
MADE = frozenset({"run_for", "artefacts", "feature_versions", "promotion_wait_seconds"})
"""Fields of Config that no deployment sets."""
LIMITS = {name: row for name, row in declared().items() if row.check}
REST = {name: row for name, row in declared().items() if not row.check}


def test_every_setting_has_a_field_and_every_field_a_row() -> None:
    rows = {field_of(name): name for name in REST}
    known = set(Settings.__struct_fields__) - {"thresholds", "on_cloud_run"}
    told = [f"{rows[name]}: regen.web.settings.Settings has no field {name}" for name in sorted(rows.keys() - known)]
    told += [f"Settings.{name}: settings.json has no row for it" for name in sorted(known - rows.keys())]
    config = set(Config.__struct_fields__) - MADE - {"thresholds"}
    told += [f"Config.{name}: settings.json has no row for it" for name in sorted(config - rows.keys())]
    assert not told, "\n".join(told)


def test_every_setting_is_read_by_the_code() -> None:
    hosts = (SOURCE / "web", SOURCE / "console_host")
    web = "".join(p.read_text() for folder in hosts for p in folder.glob("*.py"))
    services = "".join(p.read_text() for p in (SOURCE / "services").rglob("*.py"))
    commands = "".join(p.read_text() for p in (SOURCE / "cli").rglob("*.py"))
    told = [
        f"{name}: no command reads it"
        for name, row in REST.items()
        if COMMANDS in row.functions and f'"{name}"' not in commands
    ]
    for name in (name for name, row in REST.items() if row.functions != (COMMANDS,)):
        field = field_of(name)
        in_config = field in set(Config.__struct_fields__)
        if in_config and not re.search(rf"config\.{field}\b", services):
            told.append(f"{name}: no service reads config.{field}")
        if not in_config and not re.search(rf"settings\.{field}\b", web):
            told.append(
                f"{name}: regen.web and regen.console_host do not read settings.{field}, and Config has no field {field}"
            )
    assert not told, "\n".join(told)


def test_every_limit_has_its_check_and_every_check_its_limit() -> None:
    rows = {field_of(name): row.check for name, row in LIMITS.items()}
    checks = {check.setting: check.name for check in CHECKS if check.setting}
    told = [
        f"check {checks[s]}: settings.json has no row for its limit {s}" for s in sorted(checks.keys() - rows.keys())
    ]
    told += [f"{s}: no check of regen.domain.checks is limited by it" for s in sorted(rows.keys() - checks.keys())]
    both = sorted(rows.keys() & checks.keys())
    told += [f"{s}: is of the check {rows[s]}, but limits {checks[s]}" for s in both if rows[s] != checks[s]]
    assert not told, "\n".join(told)


def test_limit_of_a_failing_check_is_a_setting() -> None:
    given = {name: 1000.25 + n for n, name in enumerate(limits())}
    evidence = Evidence((), (), (), given, staged_rows=41, expected_rows=41)
    found = judge(evidence).findings
    told = []
    for check in (c for c in CHECKS if c.severity == "fail"):
        limit = found[check.name].limit
        if check.setting and limit != given[check.setting]:
            told.append(f"check {check.name}: its limit is {limit}, and not its setting {check.setting}")
        if not check.setting and limit not in {0, evidence.expected_rows}:
            told.append(f"check {check.name}: its limit {limit} is no setting: `limited`, and a row in settings.json")
    assert not told, "\n".join(told)


def test_every_check_with_a_limit_has_a_test() -> None:
    tests = "".join(p.read_text() for p in Path(__file__).parent.glob("test_*.py") if p != Path(__file__))
    told = [
        f"check {c.name}: no test of tests/unit names it" for c in CHECKS if c.setting and f'"{c.name}"' not in tests
    ]
    assert not told, "\n".join(told)


def test_the_limit_at_which_a_check_is_off_is_within_bounds() -> None:
    by_field = {field_of(name): row for name, row in LIMITS.items()}
    for check in (c for c in CHECKS if c.setting and c.off is not None):
        row = by_field[str(check.setting)]
        assert check.off in {row.minimum, row.maximum}, f"check {check.name}: off at {check.off}, which is no bound"


@pytest.mark.parametrize("name", declared())
def test_a_row_says_all_that_a_setting_needs(name: str) -> None:
    told = list(_lacking(name, declared()[name]))
    assert not told, "\n".join(told)


def _lacking(name: str, row: Setting) -> Iterator[str]:
    numeric = row.type in {"number", "whole"}
    if not re.fullmatch(r"REGEN_[A-Z_]+", name):
        yield f"{name}: expected REGEN_ and capitals"
    if not row.means.endswith(".") or len(row.means) < 20:
        yield f"{name}: means: expected one or two sentences"
    if bool(row.terraform) == bool(row.no_terraform):
        yield f"{name}: expected `terraform`, or `no_terraform` with the reason"
    if row.terraform and row.terraform.startswith("settings.") and not name.endswith(row.terraform[9:].upper()):
        yield f"{name}: terraform: expected settings.{name.removeprefix('REGEN_').lower()}"
    if numeric and (row.minimum is None or row.maximum is None or row.unit is None or row.default is None):
        yield f"{name}: a number has a unit, a minimum, a maximum and a default"
    if row.check and not numeric:
        yield f"{name}: the limit of a check is a number"
    if row.secret != (row.type in {"keys", "address"}):
        yield f"{name}: keys and addresses are secret, and nothing else"
    if (row.type == "choice") != bool(row.values) or bool(row.pattern) != bool(row.expected):
        yield f"{name}: a choice has values; a pattern has words for what is expected"
    if set(row.functions) - set(READERS) or not row.functions:
        yield f"{name}: functions: expected some of {', '.join(READERS)}"
    for value in (row.default, row.local):
        if value is not None and (problem := _problem(name, text_of(value))):
            yield f"{name}: {problem}"


def _problem(name: str, text: str) -> str | None:
    try:
        read_value(name, text)
    except ValueError as error:
        return str(error)
    return None


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_row_names_the_functions_that_read_it(function: str) -> None:
    own = {SOURCE / "web" / f"{function}.py"}
    texts = [p.read_text() for p in own | imported_modules(SOURCE, own).keys() if p.name != "bootstrap.py"]
    read = {name for text in texts for name in re.findall(r"\bconfig\.(\w+)", text)}
    config = set(Config.__struct_fields__) - MADE - {"thresholds", "systems"}
    told = []
    for name, row in declared().items():
        field = "thresholds" if row.check else field_of(name)
        if field in config | {"thresholds"} and (function in row.functions) != (field in read):
            told.append(
                f"{name}: functions: the {function} {'reads' if field in read else 'does not read'} config.{field}"
            )
    assert not told, "\n".join(told)


def test_a_row_names_the_console_if_it_reads_it() -> None:
    text = "".join(p.read_text() for p in (SOURCE / "console_host").glob("*.py"))
    read = set(re.findall(r"settings\.(\w+)", text)) - {"settings"}
    named = {field_of(name) for name, row in declared().items() if "console" in row.functions}
    assert named - {"code_version"} == read


def test_default_is_written_in_settings_json_only() -> None:
    for kind in (Settings, Config):
        own = [f.name for f in fields(kind) if f.default is not NODEFAULT or f.default_factory is not NODEFAULT]
        assert set(own) <= MADE, f"{kind.__name__}: {own} have a default beside that of settings.json"


def test_every_value_reaches_the_numbers_that_services_read() -> None:
    """Each number another than its default, so that one that is left out, or taken for its neighbour, shows."""
    numbers = {name: row for name, row in declared().items() if row.type in {"number", "whole"}}
    given = {name: text_of((row.minimum or 0) + n % 10 + 1) for n, (name, row) in enumerate(numbers.items())}
    config = bootstrap.config_of(read_settings({"REGEN_PROJECT": "a-project", **given}))
    told = []
    for name, row in numbers.items():
        field = field_of(name)
        if row.check or hasattr(config, field):
            found = config.thresholds.get(field) if row.check else getattr(config, field)
            if found != float(given[name]):
                told.append(f"{name}: {given[name]} is given, services see {found}")
    assert not told, "\n".join(told)


def test_every_setting_reaches_the_local_stack(tmp_path: Path) -> None:
    options = plan.Options(home=tmp_path)
    given = plan.function_environment(options, plan.addresses({}), memory=True, api_key="k" * 16, code_version="v")
    told = [f"{name}: the local stack does not give it to the functions" for name in declared() if name not in given]
    for name, row in declared().items():
        if row.local is not None and given[name] != text_of(row.local):
            told.append(f"{name}: is {given[name]} on the local stack, in settings.json {text_of(row.local)}")
    assert not told, "\n".join(told)


def test_every_setting_reaches_the_functions_through_terraform() -> None:
    """That the plan has what the rows say is tests/infra's; this needs no Terraform."""
    functions, variables = ((ROOT / "infra" / f"{name}.tf").read_text() for name in ("functions", "variables"))
    block = functions.partition("for name, value in {")[2].partition("}")[0]
    given = dict(re.findall(r"(\w+)\s*= var\.(\w+)", block))
    told = []
    for name, row in declared().items():
        source = row.terraform or ""
        if source and not source.startswith("settings.") and given.get(source) != source:
            told.append(f"{name}: infra/functions.tf does not take it from var.{source}")
        if source and f'variable "{source.partition(".")[0]}"' not in variables:
            told.append(f"{name}: infra/variables.tf has no variable {source}")
        if row.secret and f"REGEN_{name.removeprefix('REGEN_')}" not in functions:
            told.append(f"{name}: infra/functions.tf gives no function this secret")
    told += [f"var.{name}: no row of settings.json names it" for name in given if name not in _sources()]
    assert not told, "\n".join(told)


def _sources() -> set[str | None]:
    return {row.terraform for row in declared().values()}


def test_terraform_has_no_default_of_its_own() -> None:
    text = (ROOT / "infra" / "variables.tf").read_text()
    blocks: dict[str, str] = dict(re.findall(r'(?ms)^variable "(\w+)" \{\n(.*?)^\}', text))
    for source in _sources():
        if source and not source.startswith("settings."):
            default = re.search(r"^  default += (.*)$", blocks[source], re.MULTILINE)
            assert default is None or default[1] == "null", f"{source}: its default is settings.json's: null here"
    assert re.search(r"^  default += \{\}$", blocks["settings"], re.MULTILINE)
    assert "optional(" not in blocks["settings"]


def test_the_tables_of_the_documents_are_up_to_date() -> None:
    told = runpy.run_path(str(ROOT / "tools" / "settings_page.py"))["problems"]()
    assert not told, "\n".join(told)


def test_each_package_has_the_settings(tmp_path: Path) -> None:
    for name, package in package_functions(build=tmp_path).items():
        lacking = {"regen/settings.json", "regen/settings.py"} - set(package.files)
        assert lacking == set(), f"the package of the {name} lacks it: regen.local.packaging.PACKAGED"
