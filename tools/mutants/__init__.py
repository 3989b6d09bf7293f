"""Named mistakes, put into the code one at a time: each must turn a test red. See docs/testing.md."""
