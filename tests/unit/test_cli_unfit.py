"""Values that are no text, no key or no address: the command line ends with a sentence and 2, and shows none of them."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from regen.cli import main as command_line
from regen.cli.doctor.looking import Look, findings
from regen.cli.output import Output, columns
from regen.cli.settings import Given, read_env, resolve
from regen.client.errors import Misused
from regen.client.vitals import State
from regen.domain.values import Secret
from unit.test_addresses import NO_ADDRESS, NO_KEY, SECRET

NAME = "\u59da\u660e \U0001f3c0"
Main = Callable[..., tuple[int, str, str]]
COMMANDS = [
    "status",
    "halt --reason x --yes",
    "regenerate 2026-01-20 --dry-run",
    "doctor",
    "wait --date 2026-01-20",
    "models list",
]


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Main:
    """The command as a shell starts it: its exit code, stdout and stderr."""
    monkeypatch.setenv("REGEN_LOCAL_HOME", str(tmp_path / "none"))
    monkeypatch.setenv("REGEN_CONFIG", str(tmp_path / "config.toml"))
    for name in ("COORDINATOR_URL", "API_KEY", "PROJECT_ID", "BIGQUERY_EMULATOR_HOST", "REGEN_PROFILE"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["regen", *words])
        with pytest.raises(SystemExit) as ended:
            command_line.main()
        return int(ended.value.code or 0), *capsys.readouterr()

    return run


@pytest.mark.parametrize("key", [key for key in NO_KEY if "\x00" not in key])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_key_that_is_none_is_refused_and_not_shown(
    main: Main, command: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An env file with CRLF: a trace ended every command, with the key in it."""
    monkeypatch.setenv("API_KEY", key)
    code, out, err = main(*command.split(), "--url", "http://127.0.0.1:9")
    assert code == 2
    assert "the API key (from the environment) has characters that no key has" in err
    assert SECRET not in out + err
    assert "Traceback" not in out + err


@pytest.mark.parametrize("address", [address for address in NO_ADDRESS if address])
@pytest.mark.parametrize("by", ["flag", "environment", "profile"])
def test_an_address_that_is_none_is_refused_wherever_it_is(
    main: Main, by: str, address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = ["status", "--key", "k"]
    if by == "flag":
        words += ["--url", address]
    elif by == "environment":
        monkeypatch.setenv("COORDINATOR_URL", address)
    else:
        quoted = json.dumps(address).replace("\x7f", "\\u007f").replace("\\udcff", "\\u00ff")
        (tmp_path / "config.toml").write_text(f"[default]\nurl = {quoted}\n", encoding="utf-8")
    code, out, err = main(*words)
    assert (code, out) == (2, "")
    assert "the coordinator's address" in err or "not text" in err
    assert "supersecret" not in err


@pytest.mark.parametrize("text", ["\udcff", "a\udc80b"])
@pytest.mark.parametrize(
    "words",
    ["status X", "status --status X", "status --date X", "regenerate X", "regenerate 2026-01-20 --players X", "audit X", "X",
     "backfill --resume X", "--url X status", "status --profile X", "explain X", "models show X", "completion X"],
)  # fmt: skip
def test_bytes_that_are_no_text_are_wrong_usage(main: Main, words: str, text: str) -> None:
    code, _, err = main(*(text if word == "X" else word for word in words.split()))
    assert code == 2
    assert err.startswith("error: ")
    err.encode()


def test_the_name_of_a_file_may_be_any_bytes(main: Main) -> None:
    code, _, err = main("import", "--explain", "/nowhere/\udcff.csv")
    assert code in {1, 2, 4}
    assert "not text" not in err
    err.encode()


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "\udcff", "\u00fc", "a\x00b", "a\x1b[2Jb"])
@pytest.mark.parametrize("name", ["project", "prefix", "region", "name", "audience", "inputs_store", "models_store"])
def test_a_name_for_the_cloud_is_one_line_of_ascii(name: str, value: str, tmp_path: Path) -> None:
    profile = tmp_path / "config.toml"
    given = f"gs://{value}" if name.endswith("_store") else value
    quoted = json.dumps(given).replace("\\udcff", "\\u00ff")
    profile.write_text(f"[default]\n{name} = {quoted}\n", encoding="utf-8")
    with pytest.raises(Misused, match="has characters that it cannot have"):
        resolve(Given(), {"REGEN_LOCAL_HOME": str(tmp_path / "none"), "REGEN_CONFIG": str(profile)})


@pytest.mark.parametrize("host", ["[x", "x y:1", "x:abc", "http://[x", "file:///x", "x\r"])
def test_an_emulator_that_is_no_address_is_refused(host: str) -> None:
    with pytest.raises(Misused, match="the BigQuery emulator's address"):
        resolve(Given(), {"REGEN_LOCAL_HOME": "/nowhere", "HOME": "/nowhere", "BIGQUERY_EMULATOR_HOST": host})


@pytest.mark.parametrize("number", ["9" * 5000, "-1", "1e9", "\u0661", "nan", "1\n", ""])
def test_a_number_of_the_environment_is_one(number: str) -> None:
    environ = {"REGEN_LOCAL_HOME": "/nowhere", "HOME": "/nowhere", "REGEN_MAXIMUM_BYTES_BILLED": number}
    if not number:
        assert resolve(Given(), environ).maximum_bytes_billed
        return
    with pytest.raises(Misused, match="expected a whole number"):
        resolve(Given(), environ)


@pytest.mark.parametrize("content", [b"API_KEY=\xff" + SECRET.encode(), None])
def test_an_env_file_that_cannot_be_read_is_named(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.mkdir() if content is None else file.write_bytes(content)
    with pytest.raises(Misused, match=str(file)) as refused:
        read_env(file)
    assert SECRET not in str(refused.value)
    assert read_env(tmp_path / "none" / "env") == read_env(Path("/dev/null/env")) == {}


@pytest.mark.parametrize("text", ['key = "S\nx"', "key = S", 'key = "S" "x"', 'key = "\\qS"', "key = [" * 3000])
def test_a_broken_profile_is_named_and_not_quoted(text: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"[default]\n{text.replace('S', SECRET)}\n", encoding="utf-8")
    with pytest.raises(Misused, match=str(file)) as refused:
        resolve(Given(key=Secret("k")), {"REGEN_LOCAL_HOME": "/nowhere", "REGEN_CONFIG": str(file)})
    assert SECRET not in str(refused.value)


def failing(_: object) -> Callable[[], None]:
    """An app that something unforeseen ends, with the key in the error and in its cause."""

    def app() -> None:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise ValueError(f"Invalid header value {SECRET.encode()!r}") from error

    return app


@pytest.mark.parametrize("flags", [[], ["--json"], ["--verbose"], ["-v", "--json"]])
def test_the_unforeseen_ends_in_a_sentence_without_values(
    main: Main, flags: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command_line, "bare_app", failing)
    code, out, err = main("status", *flags)
    assert (code, out) == (1, "")
    assert SECRET not in err
    assert "Traceback" not in err
    assert "a fault of regen: ValueError" in err
    assert ("test_cli_unfit.py" in err) is bool({"--verbose", "-v"} & set(flags))
    if "--json" in flags:
        record = json.loads(err)
        assert (record["title"], record["exit_code"], record["next"]) == ("A fault of regen", 1, "regen doctor")
    else:
        assert err.startswith("error: ")
        assert err.endswith("next: regen doctor\n")


def test_a_look_that_goes_wrong_hides_no_other_and_no_key(capfd: pytest.CaptureFixture[str]) -> None:
    """A thread of `doctor` printed a trace, and the key with it."""

    def ask() -> Any:
        raise ValueError(SECRET)

    first, second = findings([Look("a", ask, "look"), Look("b", lambda: (State.OK, "seen", ""))])
    assert (first.state, first.details, second.state) == (State.FAILED, "a fault of regen: ValueError", State.OK)
    assert SECRET not in "".join(capfd.readouterr())


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
@pytest.mark.parametrize("name", [NAME, "nikola joki\u0107", "\u20ac", "\U0001f3c0"])
def test_a_name_that_the_terminal_lacks_ends_no_command(
    main: Main, name: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`UnicodeEncodeError` from the first table with such a name."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding) for _ in range(2))

    def speak() -> None:
        Output().table(columns("who why:why:t"), [{"who": name, "why": name}])
        Output().say(name)
        Output(csv=True).spread(columns("who"), [{"who": name}])
        sys.exit(0)

    monkeypatch.setattr(command_line, "bare_app", lambda _: speak)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    assert main("status")[0] == 0
    wanted = name.encode(encoding, "backslashreplace")
    for stream, times in ((out, 3), (err, 1)):
        stream.flush()
        assert isinstance(stream.buffer, io.BytesIO)
        assert stream.buffer.getvalue().count(wanted) == times
