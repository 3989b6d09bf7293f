"""The demo: predict five dates, load better data, regenerate all, and verify every row with SQL."""
