"""What each function does, written against the ports: the services decide the order of things."""
