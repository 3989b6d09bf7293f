"""The predecessor's commands, as its operators type them."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

FILE = Path(__file__).parents[1] / "fixtures" / "predecessor" / "commands.md"


def commands() -> dict[str, str]:
    """Each command by the question that it answers."""
    parts = re.split(r"^## (.+)$", FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {question: dedent(text.strip("\n")).strip() for question, text in zip(parts[::2], parts[1::2], strict=True)}
