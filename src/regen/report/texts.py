"""Texts from outside on a page: data, whatever they hold."""

from __future__ import annotations

import html

from regen.domain.texts import visible


def escape(text: str, *, quote: bool = True) -> str:
    """The text for HTML: markup escaped, what a browser would obey or hide written out."""
    return html.escape(visible(text), quote=quote)
