"""Where the commands look: flags, environment, local stack, profile."""

from __future__ import annotations

from pathlib import Path

import pytest

from regen.cli.settings import Given, profile_file, read_env, resolve
from regen.client.errors import Misused
from regen.domain.values import Secret

STACK = """COORDINATOR_URL=http://127.0.0.1:1
API_KEY=stack-key
PROJECT_ID=stack-project
BIGQUERY_EMULATOR_HOST=http://127.0.0.1:2
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"REGEN_LOCAL_HOME": str(tmp_path / "local"), "REGEN_CONFIG": str(tmp_path / "config.toml")}


@pytest.fixture
def stack(environ: dict[str, str]) -> None:
    home = Path(environ["REGEN_LOCAL_HOME"])
    home.mkdir()
    (home / "env").write_text(STACK)


@pytest.fixture
def profiles(environ: dict[str, str]) -> None:
    text = (
        '[default]\nurl = "https://prod"\nkey = "prod-key"\n\n[staging]\nurl = "https://staging"\nproject = "stage"\n'
    )
    Path(environ["REGEN_CONFIG"]).write_text(text)


def test_default_project_is_used_without_settings(environ: dict[str, str]) -> None:
    settings = resolve(Given(), environ)
    assert (settings.project, settings.url, settings.key, settings.emulator) == ("nba-props-platform", None, None, None)


@pytest.mark.usefixtures("stack", "profiles")
def test_running_stack_takes_precedence_over_the_profile(environ: dict[str, str]) -> None:
    settings = resolve(Given(), environ)
    assert (settings.project, settings.key, settings.url) == ("stack-project", "stack-key", "http://127.0.0.1:1")
    assert settings.emulator == "http://127.0.0.1:2"
    assert settings.origins["url"] == "the local stack"


@pytest.mark.usefixtures("stack")
def test_flags_override_environment_and_environment_the_stack(environ: dict[str, str]) -> None:
    environ |= {"API_KEY": "env-key", "COORDINATOR_URL": "http://127.0.0.1:1"}
    assert resolve(Given(), environ).key == "env-key"
    assert resolve(Given(key=Secret("flag-key")), environ).key == "flag-key"


@pytest.mark.usefixtures("stack", "profiles")
@pytest.mark.parametrize("given", [Given(url="https://other"), Given(project="other")])
def test_naming_another_target_ignores_the_stack(given: Given, environ: dict[str, str]) -> None:
    settings = resolve(given, environ)
    assert settings.emulator is None
    assert settings.key == "prod-key"


@pytest.mark.usefixtures("stack", "profiles")
def test_named_profile_ignores_the_stack(environ: dict[str, str]) -> None:
    settings = resolve(Given(profile="staging"), environ)
    assert (settings.url, settings.project, settings.key) == ("https://staging", "stage", None)


@pytest.mark.usefixtures("profiles")
def test_an_unknown_profile_is_named(environ: dict[str, str]) -> None:
    with pytest.raises(Misused, match=r"no profile nosuch .* default, staging"):
        resolve(Given(profile="nosuch"), environ)


@pytest.mark.parametrize(
    ("text", "said"), [("url = ", "config.toml"), ('[default]\nurk = "x"', "no such setting: urk")]
)
def test_a_broken_profile_file_is_named(text: str, said: str, environ: dict[str, str]) -> None:
    Path(environ["REGEN_CONFIG"]).write_text(text)
    with pytest.raises(Misused, match=said):
        resolve(Given(), environ)


def test_the_key_is_not_shown() -> None:
    assert "secret" not in repr(
        resolve(Given(key=Secret("secret")), {"REGEN_LOCAL_HOME": "/nowhere", "HOME": "/nowhere"})
    )


def test_an_emulator_without_scheme_gets_one(environ: dict[str, str]) -> None:
    assert resolve(Given(), {**environ, "BIGQUERY_EMULATOR_HOST": "localhost:9050"}).emulator == "http://localhost:9050"


def test_profile_path_follows_the_environment() -> None:
    assert profile_file({"HOME": "/home/op"}) == Path("/home/op/.config/regen/config.toml")
    assert profile_file({"HOME": "/home/op", "XDG_CONFIG_HOME": "/cfg"}) == Path("/cfg/regen/config.toml")


def test_an_env_file_is_read_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("# a comment\nA=1\n\nB=x=y\n")
    assert read_env(file) == {"A": "1", "B": "x=y"}
    assert read_env(tmp_path / "none") == {}
