"""Pure values and rules: no I/O, no clock, no randomness. Imports the standard library only."""
