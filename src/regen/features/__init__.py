"""What is known of a player before a game: training, the import and the deployed systems make it here alike."""
