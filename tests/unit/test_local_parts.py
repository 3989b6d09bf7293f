"""The small parts of the local stack: finding emulators, environments, processes, the `env` file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from regen.local import plan
from regen.local.emulators import FIRESTORE_JAR, Emulators, find_emulators
from regen.local.processes import Child, Command, Guard
from regen.local.relay_config import RelayConfig
from regen.local.up import write_env
from regen.web.settings import read_settings
from support.polling import wait_until


def java(folder: Path, version: str) -> Path:
    program = folder / "java"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    program.chmod(0o755)
    return program


def sdk(root: Path) -> Path:
    (root / "platform/pubsub-emulator/lib").mkdir(parents=True)
    (root / "platform/pubsub-emulator/lib/cloud-pubsub-emulator-0.9-all.jar").touch()
    (root / FIRESTORE_JAR).parent.mkdir(parents=True)
    (root / FIRESTORE_JAR).touch()
    (root / "bin").mkdir()
    (root / "bin/gcloud").touch(mode=0o755)
    return root


def test_the_emulators_are_found_in_cloudsdk_root(tmp_path: Path) -> None:
    java(tmp_path / "bin", "17.0.15")
    found = find_emulators({"CLOUDSDK_ROOT": str(sdk(tmp_path / "sdk")), "PATH": str(tmp_path / "bin")})
    assert isinstance(found, Emulators)
    assert found.pubsub_jar.name == "cloud-pubsub-emulator-0.9-all.jar"
    assert "--functions_emulator=127.0.0.1:7" in found.firestore(5, 7, tmp_path)


def test_the_emulators_are_found_beside_a_linked_gcloud(tmp_path: Path) -> None:
    java(tmp_path / "bin", "11.0.2")
    (tmp_path / "bin/gcloud").symlink_to(sdk(tmp_path / "sdk") / "bin/gcloud")
    found = find_emulators({"PATH": str(tmp_path / "bin")})
    assert isinstance(found, Emulators)
    assert found.firestore_jar == tmp_path / "sdk" / FIRESTORE_JAR


def test_jars_and_java_are_found_by_environment_variables(tmp_path: Path) -> None:
    java(tmp_path / "jdk/bin", "21")
    (tmp_path / "p.jar").touch()
    (tmp_path / "f.jar").touch()
    named = {"PUBSUB_EMULATOR_JAR": str(tmp_path / "p.jar"), "FIRESTORE_EMULATOR_JAR": str(tmp_path / "f.jar")}
    found = find_emulators({**named, "PATH": "", "JAVA_HOME": str(tmp_path / "jdk")})
    assert isinstance(found, Emulators)
    assert found.java == f"{tmp_path}/jdk/bin/java"


@pytest.mark.parametrize("version", ["1.8.0_392", "10.0.1"])
def test_too_old_java_is_refused(tmp_path: Path, version: str) -> None:
    java(tmp_path / "bin", version)
    found = find_emulators({"CLOUDSDK_ROOT": str(sdk(tmp_path / "sdk")), "PATH": str(tmp_path / "bin")})
    assert found == "no Java 11 or later on PATH or in JAVA_HOME"


def test_missing_emulators_are_named(tmp_path: Path) -> None:
    named = {"PUBSUB_EMULATOR_JAR": str(tmp_path / "none.jar"), "FIRESTORE_EMULATOR_JAR": str(tmp_path / "none.jar")}
    assert "no Pub/Sub and Firestore emulator" in str(find_emulators(named))
    assert find_emulators({"REGEN_LOCAL_EMULATORS": "off"}) == "REGEN_LOCAL_EMULATORS=off"


def test_given_ports_are_kept_and_others_are_free(tmp_path: Path) -> None:
    ports = plan.addresses({"coordinator": 18080}).ports
    assert ports["coordinator"] == 18080
    assert len(set(ports.values())) == len(plan.PORTS)
    with pytest.raises(ValueError, match="no such port: cordinator"):
        plan.addresses({"cordinator": 1})


@pytest.mark.parametrize("memory", [False, True])
def test_the_functions_environment_is_complete_and_not_inherited(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, memory: bool
) -> None:
    monkeypatch.setenv("REGEN_DEADLINE_SECONDS", "nonsense")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    options = plan.Options(home=tmp_path, variables={"REGEN_HOLD_DOWN_SECONDS": "3"})
    env = plan.function_environment(
        options, plan.addresses({}), memory=memory, api_key=plan.new_api_key(), code_version="v"
    )
    settings = read_settings(env)
    assert (settings.hold_down_seconds, settings.token_check) == (3, "signature")
    assert settings.backend == ("memory" if memory else "gcp")
    assert ("PUBSUB_EMULATOR_HOST" in env, "FIRESTORE_EMULATOR_HOST" in env) == (not memory, not memory)
    assert "PYTHONPATH" not in env


def test_the_stack_has_the_store_that_a_setting_needs() -> None:
    """Who starts it names models as ONNX; where they are is the stack's own affair."""
    given = {"REGEN_ONNX_SYSTEMS": "gbm_v1=0123456789abcdef", "HOME": "/somewhere"}
    assert plan.variables_of(given) == {"REGEN_ONNX_SYSTEMS": "gbm_v1=0123456789abcdef"}


def test_a_variable_that_no_function_reads_is_refused(tmp_path: Path) -> None:
    options = plan.Options(home=tmp_path, variables={"REGEN_HOLD_DOWN": "3"})
    with pytest.raises(ValueError, match="REGEN_HOLD_DOWN"):
        plan.function_environment(options, plan.addresses({}), memory=True, api_key="k" * 16, code_version="v")


def test_only_the_functions_use_a_front(tmp_path: Path) -> None:
    options = plan.Options(home=tmp_path, fronts={"bigquery": "127.0.0.1:1", "firestore": "127.0.0.1:2"})
    where = plan.addresses({})
    env = plan.function_environment(options, where, memory=False, api_key="k" * 16, code_version="v")
    assert env["BIGQUERY_EMULATOR_HOST"] == "http://127.0.0.1:1"
    assert (env["FIRESTORE_EMULATOR_HOST"], env["PUBSUB_EMULATOR_HOST"]) == ("127.0.0.1:2", where.host("pubsub"))
    user = plan.user_environment(options, where, memory=False, api_key="k" * 16)
    assert (user["BIGQUERY_EMULATOR_HOST"], user["FIRESTORE_EMULATOR_HOST"]) == (
        where.url("bigquery"),
        where.host("firestore"),
    )
    with pytest.raises(ValueError, match="no front can stand before relay"):
        plan.function_environment(
            plan.Options(home=tmp_path, fronts={"relay": "x:1"}),
            where,
            memory=False,
            api_key="k" * 16,
            code_version="v",
        )


def test_the_relays_configuration_survives_its_file(tmp_path: Path) -> None:
    config = RelayConfig(port=1, project="p", targets={"worker": ("a", "b")}, schedules={"regen-sweep": 5})
    config.write(tmp_path / "relay.json")
    assert RelayConfig.read(tmp_path / "relay.json") == config


def test_the_env_file_is_written_whole(tmp_path: Path) -> None:
    write_env(tmp_path / "env", {"A": "1", "B": "http://x"})
    assert (tmp_path / "env").read_text() == "A=1\nB=http://x\n"
    assert [path.name for path in tmp_path.iterdir()] == ["env"]


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o777])
def test_env_file_is_readable_by_its_owner_only(mask: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first moment, whatever the umask, and whatever lay there before."""
    left = tmp_path / ".env.part"
    left.write_text("left by one that died")
    left.chmod(0o666)
    modes: list[int] = []
    real = os.open

    def watched(path: Path, flags: int, mode: int = 0o777) -> int:
        opened = real(path, flags, mode)
        modes.append(os.fstat(opened).st_mode & 0o777)
        return opened

    monkeypatch.setattr(os, "open", watched)
    before = os.umask(mask)
    try:
        write_env(tmp_path / "env", {"REGEN_API_KEY": "secret"})
    finally:
        os.umask(before)
    assert [path.name for path in tmp_path.iterdir()] == ["env"]
    assert (tmp_path / "env").stat().st_mode & 0o777 == 0o600
    assert modes
    assert all(mode & 0o077 == 0 for mode in modes)


@pytest.fixture
def guard() -> Iterator[Guard]:
    one = Guard()
    yield one
    one.close()


def shell(tmp_path: Path, guard: Guard, script: str, ended: list[Child]) -> Child:
    command = Command("thing", ["/bin/sh", "-c", script], {"PATH": os.environ["PATH"]}, tmp_path)
    return Child(command, tmp_path / "thing.log", guard, ended.append)


def test_a_process_that_dies_is_reported_with_its_last_lines(tmp_path: Path, guard: Guard) -> None:
    ended: list[Child] = []
    child = shell(tmp_path, guard, "for i in $(seq 30); do echo line $i; done; exit 3", ended)
    wait_until(lambda: ended == [child], 10, "its end")
    assert child.status == 3
    report = child.report()
    assert report.startswith("thing ended with status 3")
    assert report.splitlines()[1:] == [f"    line {n}" for n in range(11, 31)]


def test_a_process_and_what_it_started_end_together(tmp_path: Path, guard: Guard) -> None:
    child = shell(tmp_path, guard, "trap '' TERM; sleep 600 & echo $!; wait; wait", [])
    inner = int(wait_until(lambda: (tmp_path / "thing.log").read_text().strip(), 10, "the inner process"))
    child.ask_to_end()
    child.wait(time.monotonic() + 0.1)
    assert "SIGKILL" in child.report()
    wait_until(lambda: not running(inner), 5, "the inner process to end")


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    code = """
import sys, time
from pathlib import Path
from regen.local.processes import Child, Command, Guard
command = Command("thing", ["/bin/sleep", "600"], {}, Path(sys.argv[1]))
child = Child(command, Path(sys.argv[1]) / "log", Guard(), print)
print(child.pid, flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert running(pid)
        parent.send_signal(signal.SIGKILL)
    wait_until(lambda: not running(pid), 10, "the child to end")
