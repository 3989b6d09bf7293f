"""Features of a player before a game, shared by training, the import and the deployed systems."""
