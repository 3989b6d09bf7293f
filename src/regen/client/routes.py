"""The routes of the coordinator that open a batch. Nothing here imports the structs."""

from __future__ import annotations

START, REGENERATE, WITHDRAW = "/start", "/regenerate-with-supersede", "/withdrawals"
