"""Writes the tables of docs/data.md from the formats' declarations: `.venv/bin/python tools/data_page.py`."""

from __future__ import annotations

from pathlib import Path

from regen.data.formats.page import BEGIN, END, page

PAGE = Path(__file__).parents[1] / "docs" / "data.md"

if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    PAGE.write_text(before + page() + rest.partition(END)[2], encoding="utf-8")
