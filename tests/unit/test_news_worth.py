"""News is worth in the sample league what it is worth in the real one; the parameter that says so moves it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from regen import league

TOOLS = Path(__file__).parents[2] / "tools"
JANUARY = date(2026, 1, 1), date(2026, 1, 31)
REAL = (-0.0274, -0.0021)
"""The 95 % interval of the change of the shipped ensemble's error by the real reports of 2025-10-21 to 2025-11-07, as
`tools/news_worth.py --data DIR --from 2025-10-21 --to 2025-11-07` prints it; the change itself is -0.0144."""


@pytest.mark.parametrize("unheard", [league.UNHEARD, 0.4])
def test_reports_are_worth_no_more_than_in_reality(unheard: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A league whose reports tell more of the new absences is outside: lines have told of these before the reports do."""
    monkeypatch.syspath_prepend(str(TOOLS))
    import news_worth  # noqa: PLC0415 - the tools are on no path of their own

    found = news_worth.of_reports(league.as_data(league.generate(unheard=unheard)), *JANUARY)
    low, high = REAL
    assert found.games > 3000
    assert (found.high < 0) == (unheard == league.UNHEARD), "the league's reports are worth something"
    assert (low <= found.change <= high) == (unheard == league.UNHEARD)
