"""What finds and mends what died half-way."""
