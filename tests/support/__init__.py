"""What tests of several folders stand on: benches, made-up players and seasons, fakes, and how to wait."""
