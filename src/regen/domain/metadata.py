"""What callers send along for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Metadata: TypeAlias = Mapping[str, object]
"""A caller's own words, with what regen notes beside them: kept, shown and audited. No rule decides by them."""
