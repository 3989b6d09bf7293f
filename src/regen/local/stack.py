"""The local stack: start all parts, wait until they answer, watch them, and end them."""

from __future__ import annotations

import fcntl
import http.client
import queue
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from regen.local import bigquery_env, commands, plan
from regen.local.emulators import Emulators, find_emulators
from regen.local.packaging import code_version, package_functions
from regen.local.processes import Child, Command, Guard, ProcessDied
from regen.local.provision import create_pubsub, create_triggers
from regen.topology import topology

STOP_SECONDS = 5.0
POLL_SECONDS = 0.03
ENDING = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGQUIT})
PATIENCE_SECONDS = 2.0


class StackError(Exception):
    """The stack cannot carry out a call."""


class StackStopping(StackError):
    """The stack is being stopped."""

    def __init__(self) -> None:
        super().__init__("the stack is being stopped")


def _quiet(_text: str) -> None:
    pass


class Stack:
    """All processes of the local stack; a context manager.

    Attributes:
        env: addresses, project and key, as in the `env` file.
        why_in_process: why the in-process adapters are used; empty with emulators.
        failures: the processes that ended unexpectedly.
        started: whether all parts have answered.
    """

    def __init__(
        self,
        options: plan.Options | None = None,
        *,
        say: Callable[[str], None] = _quiet,
        on_failure: Callable[[Child], None] | None = None,
    ) -> None:
        self.options = options or plan.Options()
        found = find_emulators() if self.options.emulators else "asked for"
        self._emulators = found if isinstance(found, Emulators) else None
        self.why_in_process = found if isinstance(found, str) else ""
        self._where = plan.addresses(self.options.ports)
        self._key = plan.new_api_key()
        self.env = plan.user_environment(self.options, self._where, memory=bool(self.why_in_process), api_key=self._key)
        self.urls = {name: self._where.url(name) for name in (*plan.FUNCTIONS, "relay", "bigquery")}
        self.failures: list[Child] = []
        self.started = False
        self._say, self._on_failure = say, on_failure
        self._children: dict[str, Child] = {}
        self._spawning = threading.Lock()
        self._closing = threading.Event()
        self._guard: Guard | None = None
        self._lock_file: IO[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start all parts at once, and return when every one answers; if one does not, end all."""
        self._lock_file = self._own_folder()
        try:
            self._guard = Guard()
            if self._emulators:
                self._all_of(self._functions, self._pubsub, self._firestore, self._bigquery, self._relay)
            else:
                self._say(f"no emulators ({self.why_in_process}): Pub/Sub and Firestore are in-process adapters")
                self._all_of(self._host, self._bigquery)
        except BaseException:
            self.stop()
            raise
        self.started = True

    def stop(self) -> None:
        """End all parts; safe to call again."""
        self._closing.set()
        with self._spawning:
            children = list(self._children.values())
        for child in children:
            child.ask_to_end()
        deadline = time.monotonic() + STOP_SECONDS
        for child in children:
            child.wait(deadline)
        if self._guard:
            self._guard.close()
        if self._lock_file:
            self._lock_file.close()

    def check(self) -> None:
        """Raise if a process has ended unexpectedly.

        Raises:
            ProcessDied: a process has ended; the error names it, with its last lines.
        """
        if self.failures:
            raise ProcessDied("\n".join(child.report() for child in self.failures))

    def pid(self, name: str) -> int:
        """The process id, and group, of a part of the stack."""
        return self._child(name).pid

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to a part's whole group; a signal to end makes its end expected."""
        child = self._child(name)
        child.expected = child.expected or number in ENDING
        child.signal(number)

    def restart(self, name: str) -> None:
        """End a part if it runs, start it again, and wait until it is ready. An emulator starts empty."""
        child = self._child(name)
        child.ask_to_end()
        child.wait(time.monotonic() + STOP_SECONDS)
        if child in self.failures:
            self.failures.remove(child)
        self._spawn(child.command)
        self._wait_for(name)
        if self._emulators:
            self._provision(name)

    # parts

    def _functions(self) -> None:
        packages = package_functions(self.options.functions, self.options.packages or self.options.build)
        for name in plan.FUNCTIONS:
            processes = self.options.processes.get(name, 1)
            folder, env = packages[name].folder, self._function_environment(code_version(packages))
            self._spawn(commands.function(name, folder, self._where.ports[name], env, processes))
        for name in plan.FUNCTIONS:
            self._wait_for(name)

    def _relay(self) -> None:
        config = self.options.home / "relay.json"
        plan.relay_config(self.options, self._where).write(config)
        self._spawn(commands.relay(self.options, config))
        self._wait_for("relay")

    def _pubsub(self) -> None:
        self._emulator("pubsub", commands.pubsub)

    def _firestore(self) -> None:
        self._emulator("firestore", commands.firestore)

    def _emulator(self, name: str, command: Callable[[Emulators, plan.Options, plan.Addresses], Command]) -> None:
        assert self._emulators is not None  # noqa: S101
        self._spawn(command(self._emulators, self.options, self._where))
        self._wait_for(name)
        self._provision(name)

    def _bigquery(self) -> None:
        installed = self._bigquery_installed()
        self._spawn(commands.bigquery(installed, self.options, self._where))
        self._wait_for("bigquery")
        # Imported here: the client takes half a second that the emulator needs anyway.
        from regen.local.emulator_tables import create_tables_at  # noqa: PLC0415

        prefix = self.options.variables.get("REGEN_DATASET_PREFIX", "")
        create_tables_at(self.urls["bigquery"], self.options.project, prefix)

    def _bigquery_installed(self) -> Path:
        """Install it in a separate process, which ends with the stack; the first installation takes a while."""
        child = self._spawn(commands.bigquery_install(self.options), expected=True)
        if not child.ended_within(PATIENCE_SECONDS):
            self._say("installing the BigQuery emulator (once)")
            while not child.ended_within(POLL_SECONDS):
                if self._closing.is_set():
                    raise StackStopping
        if child.status:
            raise StackError(child.report())
        return bigquery_env.ensure(self.options.build)

    def _host(self) -> None:
        packages = package_functions(self.options.functions, self.options.packages or self.options.build)
        env = self._function_environment(code_version(packages))
        config = self.options.home / "relay.json"
        plan.relay_config(self.options, self._where).write(config)
        self._spawn(commands.host(self.options, config, {name: packages[name].folder for name in plan.FUNCTIONS}, env))
        for name in (*plan.FUNCTIONS, "relay"):
            self._wait_for(name)

    def _provision(self, name: str) -> None:
        project, redelivery = self.options.project, self.options.redelivery
        if name == "pubsub":
            create_pubsub(self._where.host(name), project, topology(), self.urls["relay"], redelivery)
        elif name == "firestore":
            create_triggers(self._where.host(name), project, topology())

    # starting and waiting

    def _function_environment(self, version: str) -> dict[str, str]:
        memory = bool(self.why_in_process)
        return plan.function_environment(
            self.options, self._where, memory=memory, api_key=self._key, code_version=version
        )

    def _own_folder(self) -> IO[str]:
        home = self.options.home
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise StackError(f"a local stack is running in {home} already") from None
        (home / "env").unlink(missing_ok=True)
        for name in ("data", "inputs", "logs", "home"):
            shutil.rmtree(home / name, ignore_errors=True)
            (home / name).mkdir()
        return lock

    def _all_of(self, *steps: Callable[[], None]) -> None:
        """Run the steps concurrently; raise the first error, or that of the first process that ends."""
        done: queue.Queue[BaseException | None] = queue.Queue()

        def run(step: Callable[[], None]) -> None:
            try:
                step()
            except BaseException as error:  # noqa: BLE001 - raised by the waiting thread
                done.put(error)
            else:
                done.put(None)

        # Daemons: a client that retries for minutes must not delay the end of the stack.
        for step in steps:
            threading.Thread(target=run, args=(step,), daemon=True).start()
        finished = 0
        while finished < len(steps):
            try:
                error = done.get(timeout=0.1)
            except queue.Empty:
                self.check()
                continue
            self.check()
            if error is not None:
                raise error
            finished += 1

    def _spawn(self, command: Command, *, expected: bool = False) -> Child:
        with self._spawning:
            if self._closing.is_set():
                raise StackStopping
            assert self._guard is not None  # noqa: S101
            log = self.options.home / "logs" / f"{command.name}.log"
            child = Child(command, log, self._guard, self._ended, expected=expected)
            self._children[command.name] = child
            return child

    def _ended(self, child: Child) -> None:
        if not child.expected and not self._closing.is_set():
            self.failures.append(child)
            if self._on_failure:
                self._on_failure(child)

    def _wait_for(self, name: str) -> None:
        child = self._child(name if name in self._children else "host")
        deadline = time.monotonic() + self.options.start_seconds
        while not self._answers(name):
            if child.status is not None:
                raise ProcessDied(child.report())
            if self._closing.wait(POLL_SECONDS):
                raise StackStopping
            if time.monotonic() > deadline:
                raise StackError(f"{name} does not answer after {self.options.start_seconds:g} s")

    def _answers(self, name: str) -> bool:
        if name == "bigquery":
            return bigquery_env.answers(self.urls[name], self.options.project)
        connection = http.client.HTTPConnection(self._where.host(name), timeout=2)
        try:
            connection.request("GET", "/" if name in {"pubsub", "firestore"} else "/health")
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _child(self, name: str) -> Child:
        try:
            return self._children[name]
        except KeyError:
            raise StackError(f"no process {name}; there are {', '.join(sorted(self._children))}") from None
