"""What looks at whole tables: the BDB watch, the invariants, grades."""
