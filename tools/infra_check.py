"""`make infra`: everything that can be said about a deployment without a cloud.

Packages the functions; has real Terraform format-check, validate, test, plan and apply `infra/` against a provider that
creates nothing; runs the policy tests on what came out. The offline chain is found in `TERRAFORM_OFFLINE_DIR`, or in a
folder `tools/terraform-offline` beside the checkout. Without it, an installed `terraform` does what needs no cloud
project: format, validate and test; the policy tests, which need an apply, are then skipped by name.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from regen.local.packaging import package_functions

ROOT = Path(__file__).parents[1]
HOME = ROOT / "build" / "infra"
PROJECT = "demo-project"
PLANNED_FROM = ("settings.json", "topology.json", "schemas/*.json", "sql/*.json", "sql/*.sql")
CHECKOV = "checkov==3.3.30"
#: What is planned from: a copy, so that a plan does not mix the states of a checkout that is being worked in.
SNAPSHOT = HOME / "checkout"
#: The variants are in infra/tests; this is what the policies are checked on.
VARIABLES = {
    "project_id": PROJECT,
    "checkout": str(SNAPSHOT),
    "webhook": "true",
    "alert_emails": '["data@example.com"]',
    "operators": '["group:data@example.com"]',
    "console": "true",
    "console_viewers": '["group:data@example.com"]',
    "console_operators": '["user:ann@example.com"]',
    "refit": "true",
    "refit_image": "us-central1-docker.pkg.dev/demo-project/regen/refit:0.1.0",
}

#: The predecessor's topics.
TOPICS = ("nba-prediction-trigger", "nba-phase5-predictions-complete")
#: What a project may have before the first apply: the addresses that the guides import, and what the platform says of them.
IMPORTS = {
    "google_firestore_database.this": "(default)",
    'google_bigquery_dataset.this["nba_predictions"]': f"projects/{PROJECT}/datasets/nba_predictions",
    'google_bigquery_dataset.this["nba_orchestration"]': f"projects/{PROJECT}/datasets/nba_orchestration",
    **{f'google_pubsub_topic.this["{name}"]': f"projects/{PROJECT}/topics/{name}" for name in TOPICS},
}
EXISTING = {
    "google_firestore_database": {
        "(default)": {
            "name": "(default)",
            "project": PROJECT,
            "location_id": "nam5",
            "type": "FIRESTORE_NATIVE",
            "deletion_policy": "ABANDON",
        }
    },
    "google_bigquery_dataset": {
        f"projects/{PROJECT}/datasets/{name}": {"dataset_id": name, "project": PROJECT, "location": "us-west2"}
        for name in ("nba_predictions", "nba_orchestration")
    },
    "google_pubsub_topic": {f"projects/{PROJECT}/topics/{name}": {"name": name, "project": PROJECT} for name in TOPICS},
}
KEY = "projects/keys/locations/us/keyRings/ring/cryptoKeys/key"
#: What an existing object may have and infra/ does not set; a change of most would be a plan to make the object anew.
ODD: dict[str, dict[str, object]] = {
    "google_firestore_database": {
        "cmek_config": [{"kms_key_name": KEY}],
        "database_edition": "ENTERPRISE",
        "tags": {"tagKeys/1": "tagValues/2"},
    },
    "google_bigquery_dataset": {
        "default_encryption_configuration": [{"kms_key_name": KEY}],
        "external_dataset_reference": [{"connection": "c", "external_source": "s"}],
    },
    "google_pubsub_topic": {"kms_key_name": KEY},
}
#: Attributes of that list which are no care of ours: an object is found by them, or infra/ sets them.
OWN = frozenset({"dataset_id", "location", "location_id", "name", "project"})
#: Those that the offline chain's schema does not know: neither HCL nor an existing object can name them there.
UNKNOWN: dict[str, frozenset[str]] = {
    "google_firestore_database": frozenset(
        {
            *("firestore_data_access_mode", "mongodb_compatible_data_access_mode", "realtime_updates_mode"),
            "kms_key_name",
        }
    ),
    "google_bigquery_dataset": frozenset({"external_source"}),
    "google_pubsub_topic": frozenset({"tags"}),
}
#: Case -> the care that the definitions keep, and the variables that the guide has one set.
ADOPTIONS: dict[str, tuple[str, dict[str, str]]] = {
    "as_the_guide_says": (
        "all",
        {"firestore_location": "nam5", "bigquery_location": "us-west2", "region": "us-west2"},
    ),
    "database_variable_left_out": ("all", {"bigquery_location": "us-west2", "region": "us-west2"}),
    "dataset_variable_left_out": ("all", {"firestore_location": "nam5"}),
    "of_locations_only": (
        "locations",
        {"firestore_location": "nam5", "bigquery_location": "us-west2", "region": "us-west2"},
    ),
    "without_care": ("none", {}),
}


class StepFailed(Exception):
    """A step failed; its output has been shown."""


def key() -> str:
    """Digest all files that a plan is made from."""
    digest = hashlib.sha256()
    for path in sorted(_inputs()):
        digest.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _inputs() -> Iterator[Path]:
    yield from (p for p in (ROOT / "infra").rglob("*") if p.suffix in {".tf", ".hcl", ".tftpl", ".sql"})
    for pattern in PLANNED_FROM:
        yield from (ROOT / "src" / "regen").glob(pattern)


def snapshot() -> None:
    """Package the functions, and copy the files that a plan is made from."""
    shutil.rmtree(SNAPSHOT, ignore_errors=True)
    source = ROOT / "src" / "regen"
    for path in (p for pattern in PLANNED_FROM for p in source.glob(pattern)):
        target = SNAPSHOT / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    package_functions(build=SNAPSHOT / "build")


def offline_chain(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The folder that has `offline.sh`."""
    if named := environ.get("TERRAFORM_OFFLINE_DIR"):
        folder = Path(named)
        if not (folder / "offline.sh").is_file():
            raise StepFailed(f"TERRAFORM_OFFLINE_DIR: no offline.sh in {folder}")
        return folder
    return next((p.parent for p in sorted(ROOT.parent.glob("*/tools/terraform-offline/offline.sh"))), None)


def run(command: list[str], *, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> str:
    """Run a step; its output is shown only if it fails.

    Raises:
        StepFailed: it did.
    """
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(done.stdout[-8000:], done.stderr[-8000:], sep="\n", file=sys.stderr)
        raise StepFailed(f"{Path(command[0]).name} ended with {done.returncode}")
    return done.stdout


def offline(chain: Path) -> dict[str, int]:
    """The whole chain, against the fake provider; leaves plan.json and state.json."""
    work = HOME / "work"
    work.mkdir(parents=True, exist_ok=True)
    variables = {f"TF_VAR_{name}": value for name, value in VARIABLES.items()}
    # The test files set their own values; these variables would override them.
    variants = {f"TF_VAR_{name}": VARIABLES[name] for name in ("project_id", "checkout")}
    plan = [f"-var={name}={VARIABLES[name]}" for name in VARIABLES if name not in {"project_id", "checkout"}]
    output = run(["bash", str(chain / "offline.sh"), str(ROOT / "infra"), *plan], env={"WORK": str(work), **variants})
    environment = {**variables, "TF_CLI_CONFIG_FILE": str(work / "mirror" / "offline.tfrc"), "TF_IN_AUTOMATION": "1"}
    shim = [str(work / "venv" / "bin" / "python"), str(chain / "terraform_cli.py")]
    state = run([*shim, "show", "-json"], cwd=work / "copy", env=environment)
    (HOME / "state.json").write_text(state[state.index("{") :])
    shutil.copy(work / "plan.json", HOME / "plan.json")
    (HOME / "key").write_text(key())
    planned = json.loads((HOME / "plan.json").read_text())["resource_changes"]
    return {"planned resources": len(planned), "terraform tests": _passed(output)}


def adopt(chain: Path) -> int:
    """Plan what the guide says of a project that has data already, and what it would be without its care.

    Leaves build/infra/adopted-*.json, one plan a case, for the tests.
    """
    work = HOME / "adopt"
    run(["bash", "-c", f"rm -rf {work} && mkdir -p {work}"])
    (work / "existing.json").write_text(json.dumps(existing(chain)))
    mirror = HOME / "work" / "mirror" / "offline.tfrc"
    shim = [str(HOME / "work" / "venv" / "bin" / "python"), str(chain / "terraform_cli.py")]
    basic = {"TF_CLI_CONFIG_FILE": str(mirror), "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
    for case, (care, given) in ADOPTIONS.items():
        folder = work / case
        shutil.copytree(HOME / "work" / "copy", folder, ignore=shutil.ignore_patterns("*.tfstate*", "p.bin", "tests"))
        if care != "all":
            for path in folder.glob("*.tf"):
                path.write_text(_without_care(path.read_text(), locations=care == "locations"))
        blocks = [f'import {{\n  to = {to}\n  id = "{id_}"\n}}\n' for to, id_ in IMPORTS.items()]
        (folder / "imports.tf").write_text("\n".join(blocks))
        named = {f"TF_VAR_{name}": value for name, value in {**VARIABLES, **given}.items()}
        environment = {**basic, **named, "FAKEPROV_EXISTING": str(work / "existing.json")}
        target = HOME / f"adopted-{case}.json"
        done = subprocess.run(
            [*shim, "plan", "-input=false", "-no-color", "-out=p.bin"],
            cwd=folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            target.write_text(json.dumps({"error": done.stdout + done.stderr}))
            continue
        shown = run([*shim, "show", "-json", "p.bin"], cwd=folder, env=environment)
        target.write_text(shown[shown.index("{") :])
    return len(ADOPTIONS)


def existing(chain: Path) -> dict[str, dict[str, dict[str, object]]]:
    """The objects that are there, each with every attribute whose change makes it anew and that infra/ does not set.

    Raises:
        StepFailed: the chain's list has an attribute that nothing here speaks of.
    """
    listed: dict[str, list[str]] = json.loads((chain / "force-new.json").read_text())
    for kind in EXISTING:
        unspoken = {a for a in listed[kind] if "." not in a} - OWN - UNKNOWN[kind] - ODD[kind].keys()
        if unspoken:
            raise StepFailed(f"{kind}: {', '.join(sorted(unspoken))}: add it to ODD, and to ignore_changes in infra/")
    return {
        kind: {name: {**ODD[kind], **attributes} for name, attributes in objects.items()}
        for kind, objects in EXISTING.items()
    }


def _without_care(text: str, *, locations: bool = False) -> str:
    """The definitions as they would be if what cannot change in place could be planned to change."""
    kept = r"\n    ignore_changes = [\1]" if locations else ""
    text = re.sub(r"\n    ignore_changes = \[(location(?:_id)?|kms_key_name)[^\]]*\]", kept, text)
    return text if locations else re.sub(r"\n    postcondition \{.*?\n    \}", "", text, flags=re.DOTALL)


def online(terraform: str) -> dict[str, int]:
    """Run what an installed Terraform can do without a project: format, validate, test with mocks."""
    data = {"TF_DATA_DIR": str(HOME / "terraform-data"), "TF_IN_AUTOMATION": "1"}
    variables = {f"TF_VAR_{name}": VARIABLES[name] for name in ("project_id", "checkout")}
    infra = ROOT / "infra"
    run([terraform, "fmt", "-check", "-diff", "-recursive"], cwd=infra, env=data)
    run([terraform, "init", "-backend=false", "-input=false"], cwd=infra, env=data)
    run([terraform, "validate", "-no-color"], cwd=infra, env=data)
    output = run([terraform, "test", "-no-color"], cwd=infra, env={**data, **variables})
    print("policies: skipped: they need the offline chain, which applies to a provider that creates nothing")
    return {"terraform tests": _passed(output)}


def _passed(output: str) -> int:
    found = re.search(r"(\d+) passed, 0 failed", output)
    if not found:
        raise StepFailed("terraform test did not say how many passed")
    return int(found[1])


def policies() -> str:
    """Run tests/infra; return pytest's last line."""
    report = HOME / "figures.json"
    report.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/infra", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"],
        cwd=ROOT,
        env={**os.environ, "REGEN_INFRA": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout[-12000:], done.stderr[-4000:], sep="\n", file=sys.stderr)
        raise StepFailed("the policy tests failed")
    return done.stdout.strip().splitlines()[-1]


def checkov() -> int:
    """Scan the plan; findings are fixed, or skipped in the code with a reason.

    Raises:
        StepFailed: there is a finding.
    """
    venv = HOME / "checkov"
    if not (venv / "bin" / "checkov").exists():
        run([sys.executable, "-m", "venv", str(venv)])
        run([str(venv / "bin" / "pip"), "install", "-q", CHECKOV])
    options = ["--framework", "terraform_plan", "--repo-root-for-plan-enrichment", str(ROOT / "infra")]
    options += ["--quiet", "--compact", "--skip-download", "-o", "json"]
    output = run([str(venv / "bin" / "checkov"), "-f", str(HOME / "plan.json"), *options])
    summary: dict[str, int] = json.loads(output)["summary"]
    print(
        f"checkov: {summary['passed']} passed, {summary['failed']} failed, {summary['skipped']} skipped with a reason"
    )
    return summary["passed"]


def main() -> int:
    """Run every step; print a summary line last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkov", action="store_true", help="scan as well (installs checkov into build/, 290 MB)")
    parser.add_argument("--skip-without-terraform", action="store_true", help="no Terraform at hand is no failure")
    options = parser.parse_args()
    started = time.monotonic()
    HOME.mkdir(parents=True, exist_ok=True)
    for stale in ("key", "plan.json", "state.json"):
        (HOME / stale).unlink(missing_ok=True)
    figures: dict[str, int] = {}
    try:
        snapshot()
        chain = offline_chain()
        terraform = os.environ.get("TERRAFORM") or shutil.which("terraform")
        if chain:
            figures |= offline(chain)
            figures["plans over existing data"] = adopt(chain)
        elif terraform:
            figures |= online(terraform)
        else:
            print("terraform: not found; install it, or name an offline chain in TERRAFORM_OFFLINE_DIR")
            if not options.skip_without_terraform:
                return 1
        if options.checkov:
            figures["checkov passed"] = checkov()
        closing = policies()
    except StepFailed as error:
        print(f"infra: failed: {error}")
        return 1
    if (HOME / "figures.json").exists():
        figures |= json.loads((HOME / "figures.json").read_text())
    print(closing)
    said = ", ".join(f"{number} {name}" for name, number in figures.items())
    print(f"infra: {said or 'no Terraform'}; {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
