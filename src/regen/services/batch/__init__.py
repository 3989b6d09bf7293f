"""One batch, from its opening to its end."""
