"""Histories that are kept between readings, so that a date pays for the days that are new and not for two seasons."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import date

from regen.domain.box_scores import BoxScores
from regen.features.box_scores import game_logs
from regen.features.history import History

MAX_CHECKPOINTS = 14
"""Each takes 3 MB."""
EVERY_DAYS = 40
"""So far apart are those within a window, for dates that are asked for backwards and days that were corrected."""
MAX_DAYS = 1_500
"""The texts of a day are 20 kB; no window has more than 700 days."""


class Histories:
    """Box scores and histories that this process has seen; a date whose rows changed is another day.

    A checkpoint is named by the fingerprints of all days that it was fed with, in order: it serves whatever begins with
    these days, and nothing else.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._checkpoints: OrderedDict[str, tuple[History, int]] = OrderedDict()
        self.fed = 0
        """Days that were fed so far: what a reading costs."""

    def known(self) -> str:
        """The fingerprints of the days whose rows are here, joined by commas."""
        with self._lock:
            return ",".join(self._texts)

    def lacks(self, days: Sequence[BoxScores]) -> bool:
        """Whether rows are not here that a reading has left out: they were dropped meanwhile."""
        with self._lock:
            return any(day.games is None and day.fingerprint not in self._texts for day in days)

    def before(self, first: date, days: Sequence[BoxScores]) -> tuple[History, tuple[str, ...]]:
        """The history of a window, fed with its days; and a warning where rows of it could not be read.

        Callers may ask it about players, and must not feed it.

        Args:
            first: where the window begins.
            days: in order, each with rows, or left out because they are here.
        """
        with self._lock:
            for day in days:
                if day.games is not None:
                    self._texts[day.fingerprint] = day.games
                self._texts.move_to_end(day.fingerprint)
            history, lost = self._fed(first, days)
            while len(self._texts) > MAX_DAYS:
                self._texts.popitem(last=False)
        return history, (f"box_scores_unreadable:{lost}",) if lost else ()

    def _fed(self, first: date, days: Sequence[BoxScores]) -> tuple[History, int]:
        names = _names(first, days)
        start = next((n for n in range(len(days), 0, -1) if names[n] in self._checkpoints), 0)
        if start:
            self._checkpoints.move_to_end(names[start])
            history, lost = self._checkpoints[names[start]]
            if start == len(days):
                return history, lost
            history = history.copy()
        else:
            history, lost = History(forgets=False), 0
        for number, day in enumerate(days[start:], start + 1):
            logs, unreadable = game_logs(day.game_date, self._texts[day.fingerprint])
            history.feed(day.game_date, logs)
            lost += unreadable
            self.fed += 1
            if number % EVERY_DAYS == 0 and number < len(days):
                self._keep(names[number], history.copy(), lost)
        self._keep(names[-1], history, lost)
        return history, lost

    def _keep(self, name: str, history: History, lost: int) -> None:
        self._checkpoints[name] = history, lost
        while len(self._checkpoints) > MAX_CHECKPOINTS:
            self._checkpoints.popitem(last=False)


def _names(first: date, days: Sequence[BoxScores]) -> list[str]:
    """The name of the history of no day, of one day, ... of all of them."""
    digest = hashlib.sha256(first.isoformat().encode())
    names = [digest.hexdigest()]
    for day in days:
        digest.update(f"\n{day.game_date} {day.fingerprint}".encode())
        names.append(digest.hexdigest())
    return names
