"""The real clock and really fresh names."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class RandomIds:
    """Eight random hex digits."""

    def suffix(self) -> str:
        return secrets.token_hex(4)
