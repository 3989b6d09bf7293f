"""`regen models refit`: fit, judge, publish what passes; and the job's own account at the coordinator."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from regen.adapters.archives import archive_at
from regen.api.kept import ARTEFACTS, artefact_name
from regen.client.own_token import OwnToken
from regen.data.csvs import DataFolder
from regen.domain.values import replace
from regen.systems import by_version, load_artefact, system_ids
from regen.systems.artefact import Artefact
from regen.training import refit as refitting
from regen.training.gate import Gate, Limits, Unjudged
from regen.web.callers import Forbidden, Gatekeeper
from regen.web.settings import read_settings
from regen.web.tokens import Unauthenticated
from support.played import able
from support.season_factory import season, write
from support.seat import Seat, seated
from support.web_bench import PUSHER, TICKER, Web, environment, signer

ROOT = Path(__file__).parents[2]
OLD = replace(load_artefact(), last_date="2025-12-01").sealed()
NEW = replace(OLD, last_date="2025-12-15", games=1).sealed()
LAST = date(2025, 12, 29)
"""Of the two weeks that NEW is judged on."""
ACCOUNT = "regen-refit@test-project.iam.gserviceaccount.com"
Type = Callable[..., Result]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(season(days=2), tmp_path_factory.mktemp("data"))


@pytest.fixture
def seat(tmp_path: Path) -> Iterator[Seat]:
    names = system_ids()
    own = {"run_for": by_version(names), "artefacts": lambda: {OLD.hash: OLD.to_json()}, "systems": names}
    settings = read_settings(environment(REGEN_REFIT_ACCOUNT=ACCOUNT, REGEN_REFIT_USES="true"))
    store = archive_at(str(tmp_path / "models"))
    store.keep(artefact_name(OLD.hash), OLD.to_json().encode())
    with seated(tmp_path, [able("playera", 15.0)], settings=settings, models=store, **own) as found:
        yield found


@dataclass
class Known:
    """Fits and gates that take no minutes: every fit gives NEW, and the gate gives the verdict that a test sets."""

    problems: tuple[str, ...] = ()
    refuses: bool = False
    fits: list[date] = field(default_factory=list)

    def train(self, folder: DataFolder, until: date, remarks: object = None) -> Artefact:
        self.fits.append(until)
        return NEW

    def gate(self, _: object, new: Artefact, against: Artefact, limits: Limits, first: date, last: date) -> Gate:
        if self.refuses:
            raise Unjudged("to", "at least 300 player-games; found 7")
        return Gate(first, last, new, against, limits, (), self.problems)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> Known:
    made = Known()
    monkeypatch.setattr(refitting, "train", made.train)
    monkeypatch.setattr(refitting, "gate", made.gate)
    return made


@pytest.fixture
def type_(seat: Seat, files: Path, tmp_path: Path) -> Type:
    def typed(*words: str, until: date = LAST, weeks: int = 2, **env: str) -> Result:
        options = ["--data", str(files), "--until", until.isoformat(), "--weeks", str(weeks)]
        env = {"REGEN_MODELS_STORE": str(tmp_path / "models"), **env}
        return seat("models", "refit", *options, *words, env=env)

    return typed


def published(tmp_path: Path) -> set[str]:
    names = archive_at(str(tmp_path / "models")).names(ARTEFACTS)
    return {name.removeprefix(ARTEFACTS).removesuffix(".json") for name in names} - {OLD.hash}


def in_use(seat: Seat) -> str:
    return str(seat.web.get("/models").get_json()["in_use"]["regen_v1"])


def test_what_passes_is_published_and_not_used(type_: Type, seat: Seat, tmp_path: Path, known: Known) -> None:
    done = type_()
    assert known.fits == [LAST - timedelta(weeks=2)]
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"published {NEW.hash}"
    assert f"pass: {NEW.hash} against {OLD.hash}" in done.stdout
    assert (published(tmp_path), in_use(seat)) == ({NEW.hash}, OLD.hash)


def test_a_dry_run_publishes_nothing(type_: Type, tmp_path: Path) -> None:
    done = type_("--dry-run", "--use", "--json")
    assert (done.exit_code, json.loads(done.stdout)["outcome"]) == (0, "would_publish")
    assert published(tmp_path) == set()


def test_it_is_used_where_that_is_asked_for(type_: Type, seat: Seat, tmp_path: Path) -> None:
    done = type_("--use", "--yes", "--json")
    assert done.exit_code == 0, done.stderr
    body = json.loads(done.stdout)
    assert (body["outcome"], {in_use(seat)}) == ("used", published(tmp_path))
    said = seat.web.get("/models").get_json()["history"][0]
    assert (said["hash"], "passed the gate on" in said["reason"]) == (in_use(seat), True)


def test_what_does_not_pass_is_not_published(type_: Type, tmp_path: Path, known: Known) -> None:
    known.problems = ("learned_v1: worse",)
    done = type_("--use", "--yes")
    assert (done.exit_code, "not published" in done.stdout, published(tmp_path)) == (1, True, set())


def test_weeks_that_cannot_be_judged_are_no_failure(type_: Type, tmp_path: Path, known: Known) -> None:
    seen = type_(until=date(2025, 12, 10))
    assert (seen.exit_code, f"overlap the fit of {OLD.hash}" in seen.stdout, known.fits) == (0, True, [])
    known.refuses = True
    few = type_()
    assert (few.exit_code, "nothing is published: to: expected at least 300" in few.stdout) == (0, True)
    assert published(tmp_path) == set()


def test_a_use_meanwhile_is_not_overruled(type_: Type, seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(OLD, games=2).sealed()

    def overtaken(*given: Any) -> Artefact:
        assert seat.bench.deps.models is not None
        seat.bench.deps.models.keep(artefact_name(other.hash), other.to_json().encode())
        body = {"hash": other.hash, "expected": OLD.hash, "reason": "by hand"}
        assert seat.web.post("/models/use", body).status_code == 200
        return NEW

    monkeypatch.setattr(refitting, "train", overtaken)
    done = type_("--use", "--yes")
    assert (done.exit_code, in_use(seat)) == (3, other.hash)


def test_the_job_asks_with_the_token_of_its_account(type_: Type, seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OwnToken, "__call__", lambda self: signer().bearer(ACCOUNT).removeprefix("Bearer "))
    done = type_("--use", "--yes", API_KEY="", REGEN_OIDC_AUDIENCE="regen")
    assert done.exit_code == 0, done.stderr
    assert seat.web.get("/models").get_json()["history"][0]["by"] == f"refit:{ACCOUNT}"


def gate(**more: str) -> Gatekeeper:
    return Gatekeeper(read_settings(environment(**more)))


def test_the_account_of_the_refit_may_ask_and_no_more() -> None:
    token = {"Authorization": signer().bearer(ACCOUNT)}
    caller = gate(REGEN_REFIT_ACCOUNT=ACCOUNT).by_key_or_refit(token)
    assert (caller.name, caller.may_act) == (f"refit:{ACCOUNT}", False)
    assert gate(REGEN_REFIT_ACCOUNT=ACCOUNT, REGEN_REFIT_USES="true").by_key_or_refit(token).may_act
    with pytest.raises(Unauthenticated):
        gate().by_key_or_refit(token)
    for other in (PUSHER, TICKER, "someone@example.com"):
        with pytest.raises(Forbidden):
            gate(REGEN_REFIT_ACCOUNT=ACCOUNT).by_key_or_refit({"Authorization": signer().bearer(other)})


@pytest.mark.parametrize("uses", ["false", "true"])
def test_the_refit_reaches_the_models_alone(uses: str) -> None:
    web = Web(settings=read_settings(environment(REGEN_REFIT_ACCOUNT=ACCOUNT, REGEN_REFIT_USES=uses)))
    token = {"Authorization": signer().bearer(ACCOUNT)}
    for route in (r for r in web.routers["coordinator"].routes if r.check):
        status = web.call("coordinator", route.method, route.path.replace("{id}", "x"), b"{}", token).status_code
        if route.path == "/models":
            assert status == 200
        elif route.path == "/models/use":
            assert status == (400 if uses == "true" else 403)
        else:
            assert status in {401, 403}, route.path


USED = """
import json, sys
import google.cloud.bigquery, lightgbm, numpy, requests
import regen.adapters.archives, regen.adapters.bucket, regen.adapters.bigquery.columns, regen.cli.main, regen.cli.tables
import regen.client.own_token, regen.client.published, regen.client.training_tables, regen.data.csvs
import regen.training.gate_table, regen.training.refit, regen.training.warehouse, regen.web.settings
regen.cli.main.make_app()
print(json.dumps(sorted({m.partition(".")[0] for m in sys.modules})))
"""


def test_the_image_installs_what_the_refit_imports() -> None:
    done = subprocess.run([sys.executable, "-c", USED], capture_output=True, text=True, check=True, cwd=ROOT)
    owners = packages_distributions()
    needed = {n.lower() for m in json.loads(done.stdout) if m != "google" for n in owners.get(m, ())} - {"regen"}
    lines = [line for line in (ROOT / "requirements" / "refit.txt").read_text().splitlines() if "==" in line]
    pins = {line.partition("==")[0].partition("[")[0]: line for line in lines}
    # What others import where it is installed: to trace, to guess encodings, to show progress.
    optional = {n for n in needed if n.startswith("opentelemetry")} | {"chardet", "setuptools", "tqdm"}
    assert {name.replace("_", "-") for name in needed - optional} <= set(pins), needed - set(pins)
    tested = (ROOT / "requirements/dev.txt").read_text()
    assert [line for line in pins.values() if line.partition(" ")[0] not in tested] == []
    image = (ROOT / "Dockerfile").read_text()
    assert "-r refit.txt" in image
    assert "regen.cli.main" in image
