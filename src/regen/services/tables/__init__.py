"""Services over whole tables: the BDB watch, the invariants, grades."""
