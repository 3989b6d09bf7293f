"""The tables of docs/data.md that say what is taken from where: written from the formats' own declarations."""

from __future__ import annotations

from regen.data.formats import FORMATS
from regen.data.formats.shape import KINDS, Column, Format

BEGIN, END = "<!-- formats: written by tools/data_page.py -->", "<!-- end of formats -->"


def page() -> str:
    """The section between the marks."""
    own = "\n".join(
        ["| file | columns that must be there | optional |", "|---|---|---|", *(_own(kind) for kind in KINDS)]
    )
    others = "\n\n".join(_vendor(form) for form in FORMATS if form.name not in KINDS)
    return f"{BEGIN}\n\n{own}\n\n{others}\n\n{END}"


def _own(kind: str) -> str:
    form = next(form for form in FORMATS if form.name == kind)
    must = ", ".join(_spelled(column) for column in form.columns if column.required)
    rest = ", ".join(_spelled(column) for column in form.columns if not column.required)
    return f"| `{kind}` | {must} | {rest} |"


def _spelled(column: Column) -> str:
    first, *others = column.names
    return f"{first} (or {', '.join(others)})" if others else first


def _vendor(form: Format) -> str:
    rows = [
        f"| {column.field} | {_names(column.names)} | {'yes' if column.required else ''} |" for column in form.columns
    ]
    head = f"#### `{form.name}`: {form.title}\n\nMakes `{form.makes}`."
    if form.taken:
        head += f" Taken: {'; '.join(form.taken)}."
    if form.missing:
        head += f" Missing: {form.missing}."
    if form.marks:
        head += f" Known by {_names(form.marks)}."
    return "\n".join([head, "", "| field | column | required |", "|---|---|---|", *rows])


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name.replace('_', ' ') if name.istitle() else name}`" for name in names)
