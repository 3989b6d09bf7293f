"""The console's pages stay small, and ask as little, with 400 dates and 5,000 players."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from support.console_large import MOST_BYTES, Large, of_records, of_tables
from support.strict_html import problems


@pytest.mark.parametrize("make", [of_records, of_tables], ids=["records", "tables"])
def test_pages_of_much_are_small_and_ask_little(make: Callable[[], Large]) -> None:
    large = make()
    browser = large.bench.browser()
    for path, reads in large.reads.items():
        before = large.bench.memory.reads
        page = browser.get(path)
        assert page.status == 200, path
        assert len(page.text.encode()) <= MOST_BYTES, (path, len(page.text.encode()))
        assert large.bench.memory.reads - before <= reads, path
        assert problems(page.text) == [], path
