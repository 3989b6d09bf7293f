"""`up` in a process group of its own: the `env` file, a death from outside, and the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from regen.adapters.bigquery.clients import emulator_client
from regen.local import bigquery_env
from regen.local.plan import FUNCTIONS
from support.polling import wait_until

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys
from pathlib import Path
from regen.local.plan import Options
from regen.local.up import up
folder, functions, emulators, failing = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "on", sys.argv[4] == "fail"
def load(stack):
    assert not (folder / "local" / "env").exists()
    if failing:
        raise SystemExit("the data is not there")
options = Options(home=folder / "local", functions=functions, packages=folder, emulators=emulators)
sys.exit(up(load, options, say=lambda text: print(text, flush=True)))
"""
LONG = "SELECT COUNT(*) FROM UNNEST(GENERATE_ARRAY(1, 200000)) a, UNNEST(GENERATE_ARRAY(1, 200000)) b WHERE a * b = 7"

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("own stacks"), pytest.mark.timeout(600)]


@contextmanager
def running(folder: Path, *, emulators: str = "off", load: str = "") -> Iterator[subprocess.Popen[str]]:
    functions = ROOT / "tests" / "fixtures" / "functions"
    argv = [sys.executable, "-c", SCRIPT, str(folder), str(functions), emulators, load]
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, process_group=0
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def ready(folder: Path, process: subprocess.Popen[str]) -> dict[str, str]:
    env = folder / "local" / "env"
    wait_until(lambda: env.exists() or process.poll() is not None, 90, "the env file")
    assert process.poll() is None, process.communicate()[0]
    return dict(line.split("=", 1) for line in env.read_text().splitlines())


def descendants(process: subprocess.Popen[str]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def gone(processes: list[psutil.Process]) -> bool:
    return not psutil.wait_procs(processes, timeout=0)[1]


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=pytest.mark.long), signal.SIGTERM])
def test_a_signal_to_the_group_ends_everything(tmp_path: Path, number: int) -> None:
    with running(tmp_path) as process:
        ready(tmp_path, process)
        started = descendants(process)
        assert len(started) >= 3
        began = time.monotonic()
        os.killpg(process.pid, number)
        assert process.wait(10) == 0
        assert time.monotonic() - began < 10
    assert not (tmp_path / "local" / "env").exists()
    wait_until(lambda: gone(started), 2, "every process to end")


def test_a_signal_during_the_start_ends_everything(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        wait_until(lambda: len(descendants(process)) >= 2, 30, "the first processes")
        started = descendants(process)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(10) == 0
    wait_until(lambda: gone(started), 2, "every process to end")


@pytest.mark.long
def test_a_loader_that_fails_ends_everything(tmp_path: Path) -> None:
    with running(tmp_path, load="fail") as process:
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "the data is not there" in output
    assert not (tmp_path / "local" / "env").exists()


@pytest.mark.long
def test_death_of_the_in_memory_process_ends_the_stack(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        ready(tmp_path, process)
        part(process, "host_launcher").kill()
        output, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "host was ended by SIGKILL; the end of" in output


@pytest.mark.long
def test_restarted_warehouse_fails_its_unfinished_jobs(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        env = ready(tmp_path, process)
        client = emulator_client(env["BIGQUERY_EMULATOR_HOST"], env["PROJECT_ID"])
        assert client.query(LONG, job_id="left-running", job_retry=None).state != "DONE"
        warehouse = part(process, "bigquery_launcher")
        warehouse.kill()
        wait_until(lambda: gone([warehouse]), 10, "the warehouse's end")
        wait_until(lambda: bigquery_env.answers(env["BIGQUERY_EMULATOR_HOST"], env["PROJECT_ID"]), 30, "its return")
        lost = client.get_job("left-running")
        assert (lost.state, lost.error_result["reason"]) == ("DONE", "backendError")
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "starting bigquery again" in output


def test_dead_functions_are_reported_and_restarted(tmp_path: Path) -> None:
    with running(tmp_path, emulators="on") as process:
        env = ready(tmp_path, process)
        if "PUBSUB_EMULATOR_HOST" not in env:
            pytest.skip("SKIPPED, Google's emulators are not here")
        lost = [part(process, f"functions/{name}/main.py") for name in FUNCTIONS]
        for one in lost:
            os.killpg(one.pid, signal.SIGKILL)
        wait_until(lambda: gone(lost), 10, "their end")
        for name in FUNCTIONS:
            wait_until(lambda name=name: answers(env[f"{name.upper()}_URL"]), 20, f"the return of {name}")  # type: ignore[misc]
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    for name in FUNCTIONS:
        assert f"{name} was ended by SIGKILL" in output
        assert f"starting {name} again" in output


def part(process: subprocess.Popen[str], sign: str) -> psutil.Process:
    return next(p for p in descendants(process) if sign in " ".join(p.cmdline()))


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url + "/health", timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False
