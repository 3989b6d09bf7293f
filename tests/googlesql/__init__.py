"""Google's own SQL front end, for tests: an analyser, and an evaluator under the real adapters."""

from googlesql.environment import ensure

HOME = ensure()
"""Where the compiled module is kept."""
