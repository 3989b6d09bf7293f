"""The statements, one file each: those of the functions, and those that read for operators.

Names of tables are in braces, values are named parameters, and `parts` has the text shared by several statements.
"""

from regen.sql.render import Names, render

__all__ = ["Names", "render"]
