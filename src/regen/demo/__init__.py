"""The demo: five dates predicted, better data arrives, all are regenerated, and SQL says what became of every row."""
