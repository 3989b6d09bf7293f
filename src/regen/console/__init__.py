"""The console: pages that show what is going on, and orders that are given safely (docs/console.md)."""
