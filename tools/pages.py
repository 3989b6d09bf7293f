"""What the tools share that write pages from the code: each writes, or with `--check` says what is out of date."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence


def written_or_checked(
    arguments: Sequence[str], write: Callable[[], object], problems: Callable[[], Sequence[str]]
) -> int:
    """The exit code of a tool: 1 if a problem is left.

    Args:
        write: writes the pages; not called with `--check`.
    """
    if "--check" not in arguments:
        write()
    found = problems()
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0
