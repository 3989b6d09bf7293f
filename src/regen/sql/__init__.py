"""The statements, one file each. Tables stand in braces, values are named parameters; nothing else is put into a text."""

from regen.sql.render import Names, render

__all__ = ["Names", "render"]
