"""Figures as files have them."""

from __future__ import annotations

DIGITS = 5


def rounded(value: object) -> object:
    """Plain values, in whatever they stand, with so many digits after the point."""
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {name: rounded(part) for name, part in value.items()}
    return [rounded(part) for part in value] if isinstance(value, (list, tuple)) else value
