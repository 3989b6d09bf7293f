"""The pages that show. None of them can write: they are given the ports that read."""
