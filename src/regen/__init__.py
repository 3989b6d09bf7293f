"""regen regenerates NBA player-prop predictions for a game date, without ever losing one."""

__version__ = "0.1.0"
