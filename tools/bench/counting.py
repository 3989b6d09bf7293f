"""The usage of a run: CPU of each process, and operations from the functions' log lines."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from regen.local.stack import Stack

SERVED = re.compile(r"served=(\{.*?\})\]")
COUNTED = ("reads", "writes", "messages", "message_bytes", "jobs")
FUNCTIONS = ("coordinator", "worker", "verifier")


@dataclass(frozen=True, slots=True)
class Usage:
    """Totals at one moment.

    Attributes:
        cpu: seconds by process name, children included.
        operations: by kind, summed over the functions' processes.
        requests: answered calls by function.
        seconds: wall seconds of those calls by function.
    """

    cpu: dict[str, float]
    operations: dict[str, int]
    requests: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def since(self, before: Usage) -> Usage:
        """The usage since an earlier moment."""
        return Usage(
            {k: round(v - before.cpu.get(k, 0.0), 3) for k, v in self.cpu.items()},
            {k: v - before.operations.get(k, 0) for k, v in self.operations.items()},
            {k: v - before.requests.get(k, 0) for k, v in self.requests.items()},
            {k: round(v - before.seconds.get(k, 0.0), 4) for k, v in self.seconds.items()},
        )


def read_usage(stack: Stack) -> Usage:
    """Read the totals of all processes now."""
    names = (
        [*FUNCTIONS, "relay", "pubsub", "firestore", "bigquery"] if not stack.why_in_process else ["host", "bigquery"]
    )
    cpu = {name: _cpu(stack.pid(name)) for name in names}
    operations: dict[str, int] = dict.fromkeys(COUNTED, 0)
    requests: dict[str, int] = defaultdict(int)
    seconds: dict[str, float] = defaultdict(float)
    logs = stack.options.home / "logs"
    for name in FUNCTIONS if not stack.why_in_process else ("host",):
        last: dict[tuple[int, str], int] = {}
        for line in _lines(logs / f"{name}.log"):
            if not (match := SERVED.search(line)):
                continue
            served = ast.literal_eval(match.group(1))
            requests[name] += 1
            seconds[name] += served["seconds"]
            for kind in COUNTED:
                key = (served["pid"], kind)
                last[key] = max(last.get(key, 0), served.get(kind, 0))
        for (_, kind), value in last.items():
            operations[kind] += value
    return Usage(cpu, operations, dict(requests), dict(seconds))


def _lines(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines() if path.exists() else []


def _cpu(pid: int) -> float:
    try:
        process = psutil.Process(pid)
        members = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    total = 0.0
    for member in members:
        try:
            times = member.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total
