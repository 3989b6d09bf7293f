"""Imported first by each function. A cold start waits for the imports, and what they make stays: the collector need not look at it.

https://docs.python.org/3/library/gc.html#gc.freeze
"""

from __future__ import annotations

import gc

gc.disable()


def finish() -> None:
    """The imports are done: leave what they made alone, and collect from here on."""
    gc.freeze()
    gc.enable()
