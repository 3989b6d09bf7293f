"""Starts the in-process host with the packaged `regen` first on the path, and `regen.local` from beside this file."""

from __future__ import annotations

import sys
from pathlib import Path

import regen

if __name__ == "__main__":
    regen.__path__.append(str(Path(__file__).parents[1]))
    from regen.local.host import main

    main(sys.argv[1:])
