"""A script that ends process groups after their starter: it reads `+PGID` and `-PGID` lines until its input ends.

The stack starts one, so that no process is left behind even if the stack itself is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time

GRACE_SECONDS = 3.0


def end(groups: set[int]) -> None:
    """Ask every group to end, then kill it."""
    deadline = time.monotonic() + GRACE_SECONDS
    for number in (signal.SIGCONT, signal.SIGTERM):
        _signal(groups, number)
    while groups and time.monotonic() < deadline:
        time.sleep(0.05)
        groups = {group for group in groups if _lives(group)}
    _signal(groups, signal.SIGKILL)


def _signal(groups: set[int], number: int) -> None:
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def main() -> None:
    """Keep the set of groups until the input ends."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    end(groups)


if __name__ == "__main__":
    main()
