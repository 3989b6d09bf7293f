"""What MkDocs is told about these pages: links to the checkout's own files are texts on the site, which has the documentation alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
LINK = re.compile(r"(?<![`!])\[([^\]\n]+)\]\(([^)\s:#]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:  # noqa: ANN401 - MkDocs' own classes
    """The page, its links out of the documentation as their words."""
    return inside(markdown, (DOCS / page.file.src_uri).parent)


def inside(markdown: str, folder: Path) -> str:
    """A text of this folder without links that leave the documentation, or lead to a folder."""

    def kept(link: re.Match[str]) -> str:
        target = (folder / link[2]).resolve()
        return link[0] if target.is_relative_to(DOCS) and not target.is_dir() else link[1]

    return LINK.sub(kept, markdown)
