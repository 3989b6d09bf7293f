"""What several files of unit tests share."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from regen.client import reader
from support.league import players
from support.seat import Seat, SeatReader, seated


@pytest.fixture
def seat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seat]:
    """An operator's seat before a slate of ten players."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with seated(tmp_path, players(10)) as seat:
        monkeypatch.setattr(reader, "Reader", lambda *_: SeatReader(seat))
        yield seat
