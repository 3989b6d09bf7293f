"""`regen doctor`, row `models`: which is in use, since when, by whom, how old, and whether it can be had."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from regen import clock
from regen.adapters.archives import archive_at
from regen.adapters.folder import Folder
from regen.api.kept import artefact_name
from regen.cli.doctor import system
from regen.cli.doctor.looking import findings
from regen.cli.session import Session
from regen.domain.dates import eastern_today
from regen.domain.values import replace
from regen.systems import by_version, load_artefact, shipped_texts, system_ids
from support.fake_coordinator import serving
from support.played import able
from support.seat import Seat, seated

YOUNG = replace(load_artefact(), last_date=(eastern_today(clock.now()) - timedelta(days=3)).isoformat()).sealed()
Row = Callable[..., Mapping[str, str]]


def age() -> int:
    """The days since YOUNG's last game: a run of all tests may go past midnight."""
    return (eastern_today(clock.now()) - date.fromisoformat(YOUNG.last_date)).days


@pytest.fixture
def seat(tmp_path: Path) -> Iterator[Seat]:
    names = system_ids()
    own = {"run_for": by_version(names), "artefacts": shipped_texts, "systems": names}
    store = archive_at(str(tmp_path / "models"))
    store.keep(artefact_name(YOUNG.hash), YOUNG.to_json().encode())
    with seated(tmp_path, [able("playera", 15.0)], models=store, **own) as found:
        yield found


@pytest.fixture
def row(seat: Seat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Row:
    def looked(**env: str) -> Mapping[str, str]:
        for name, value in {**seat.env, "REGEN_MODELS_STORE": str(tmp_path / "models"), **env}.items():
            monkeypatch.setenv(name, value)
        (look,) = [each for each in system.looks(Session()) if each.what == "models"]
        (found,) = findings([look])
        return {key: str(value) for key, value in found.record().items()}

    return looked


def use_young(seat: Seat) -> None:
    body = {"hash": YOUNG.hash, "expected": load_artefact().hash, "reason": "refit"}
    assert seat.web.post("/models/use", body).status_code == 200


def test_the_models_of_the_release_are_named_with_their_age(row: Row) -> None:
    found = row(REGEN_MODEL_MAX_AGE_DAYS="3650")
    assert found["state"] == "ok"
    for version in ("regen_v1", "regen_v2"):
        shipped = load_artefact(feature_version=version)
        said = f"{version}: {shipped.hash} as the release ships it, fitted on games to {shipped.last_date}, "
        assert said in found["details"]


def test_a_model_in_use_says_since_when_and_by_whom(row: Row, seat: Seat) -> None:
    use_young(seat)
    found = row(REGEN_MODEL_MAX_AGE_DAYS="3650")
    at = seat.web.get("/models").get_json()["history"][0]["at"][:10]
    assert f"regen_v1: {YOUNG.hash} since {at} by api_key:" in found["details"]
    assert f"fitted on games to {YOUNG.last_date}, {age()} days ago" in found["details"]


def test_an_old_fit_is_a_warning_and_no_failure(row: Row, seat: Seat) -> None:
    use_young(seat)
    found = row(REGEN_MODEL_MAX_AGE_DAYS=str(age() - 1))
    assert (found["state"], found["next"]) == ("warning", "regen models refit --from-warehouse")
    assert f"{YOUNG.last_date}, {age()} days ago: more than {age() - 1}" in found["details"]
    assert f"{YOUNG.last_date}, {age()} days ago;" in row(REGEN_MODEL_MAX_AGE_DAYS=str(age()))["details"]


@pytest.mark.parametrize("content", [None, b'{"form', load_artefact().to_json().encode()])
def test_a_model_that_cannot_be_had_has_failed(row: Row, seat: Seat, tmp_path: Path, content: bytes | None) -> None:
    use_young(seat)
    path = tmp_path / "models" / artefact_name(YOUNG.hash)
    path.unlink()
    if content is not None:
        Folder(tmp_path / "models").keep(artefact_name(YOUNG.hash), content)
    found = row()
    assert (found["state"], found["next"].partition(" --reason")[0]) == (
        "failed",
        f"regen models rollback --from {YOUNG.hash}",
    )
    assert "cannot be loaded" in found["details"]


def test_an_older_coordinator_has_no_such_row(row: Row) -> None:
    with serving() as older:
        older.say("GET /ready", (200, {"status": "ready", "version": "0", "firestore": "ok", "bigquery": "ok"}))
        found = row(COORDINATOR_URL=older.url)
    assert (found["state"], found["details"]) == ("n/a", "an older coordinator knows no models")
