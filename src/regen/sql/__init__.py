"""The statements, one file each: those of the functions, and those that read for operators.

Tables stand in braces, values are named parameters; what several statements share is in `parts`. Nothing else is put into a text.
"""

from regen.sql.render import Names, render

__all__ = ["Names", "render"]
