"""What an operator's programs stand on: the coordinator over HTTP, and the warehouse by reading it."""
