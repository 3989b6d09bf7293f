"""The commands that start the processes of the local stack."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from regen.local import bigquery_env
from regen.local.emulators import Emulators
from regen.local.plan import Addresses, Options
from regen.local.processes import Command

BIN = Path(sys.executable).parent


def function(name: str, folder: Path, port: int, env: Mapping[str, str], processes: int = 1) -> Command:
    """A function from its packaged folder, served by the same framework as in production.

    The folder comes first on the path, because this Python may also find the checkout's `regen`.
    """
    argv = [str(BIN / "functions-framework"), "--target", "main", "--source", str(folder / "main.py")]
    argv += ["--signature-type", "http", "--host", "127.0.0.1", "--port", str(port)]
    own = {"PYTHONPATH": str(folder), "WORKERS": str(processes), "THREADS": "8"}
    return Command(name, argv, {**env, **own}, folder, signal.SIGINT)


def relay(options: Options, config: Path) -> Command:
    """The relay, from the checkout."""
    argv = [sys.executable, "-I", "-m", "regen.local.relay_server", str(config)]
    return Command("relay", argv, _plain(options.home), options.home)


def host(options: Options, config: Path, folders: Mapping[str, Path], env: Mapping[str, str]) -> Command:
    """The single process of the in-process stack; it runs the packaged `regen`, plus `regen.local` from the checkout."""
    launcher = Path(__file__).with_name("host_launcher.py")
    argv = [sys.executable, "-P", str(launcher), str(config)]
    argv += [f"{name}={folder}" for name, folder in folders.items()]
    return Command("host", argv, {**env, "PYTHONPATH": str(next(iter(folders.values())))}, options.home)


def pubsub(emulators: Emulators, options: Options, where: Addresses) -> Command:
    """Google's Pub/Sub emulator."""
    home = options.home / "home"
    return Command("pubsub", emulators.pubsub(where.ports["pubsub"], home), _plain(options.home), options.home)


def firestore(emulators: Emulators, options: Options, where: Addresses) -> Command:
    """Google's Firestore emulator."""
    home = options.home / "home"
    argv = emulators.firestore(where.ports["firestore"], where.ports["relay"], home)
    return Command("firestore", argv, _plain(options.home), options.home)


def bigquery_install(options: Options) -> Command:
    """Install the BigQuery emulator, if it is not installed."""
    code = "import pathlib, sys; from regen.local.bigquery_env import ensure; ensure(pathlib.Path(sys.argv[1]))"
    # What an installer needs to know about this machine (index, certificates, proxy) is in the environment.
    return Command("bigquery-install", [sys.executable, "-c", code, str(options.build)], os.environ, options.home)


def bigquery(installed: Path, options: Options, where: Addresses) -> Command:
    """The BigQuery emulator, in its own environment."""
    command = bigquery_env.command(
        installed,
        port=where.ports["bigquery"],
        grpc_port=where.ports["bigquery_grpc"],
        data_dir=options.home / "data" / "bigquery",
        project=options.project,
    )
    return Command("bigquery", command.argv, command.env, options.home)


def _plain(home: Path) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home / "home"), "LANG": "C.UTF-8"}
