"""The predecessor's documents in Firestore: a batch of a date that it has predicted, as its coordinator left it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from typing import Any
from unittest.mock import patch

from google.cloud import firestore

BATCHES = "prediction_batches"


def database(env: Mapping[str, str]) -> firestore.Client | None:
    """The stack's Firestore; None where it is kept in a function's process."""
    if "FIRESTORE_EMULATOR_HOST" not in env:
        return None
    with patch.dict(os.environ, {"FIRESTORE_EMULATOR_HOST": env["FIRESTORE_EMULATOR_HOST"]}):
        return firestore.Client(env["PROJECT_ID"])


def leave(client: firestore.Client | None, day: date) -> None:
    """Write the document of a batch that was never completed, as most of the predecessor's are."""
    if client is None:
        return
    name, fields = left(day, firestore.SERVER_TIMESTAMP)
    client.collection(BATCHES).document(name).set(fields)


def left(day: date, at: object) -> tuple[str, dict[str, Any]]:
    """The name and the fields of such a document."""
    name = f"batch_{day}_1769284800"
    return name, {
        "batch_id": name, "game_date": day.isoformat(), "expected_players": 40, "completed_players": ["lukadoncic"],
        "failed_players": [], "total_predictions": 6, "is_complete": False, "correlation_id": "a1b2c3d4", "dataset_prefix": "",
        "start_time": at, "created_at": at, "updated_at": at,
    }  # fmt: skip


def clear(client: firestore.Client | None) -> None:
    """What `gcloud firestore bulk-delete --collection-ids=prediction_batches` does."""
    if client is not None:
        for document in client.collection(BATCHES).list_documents():
            document.delete()


def count(client: firestore.Client | None) -> int:
    """How many batches there are."""
    return 0 if client is None else sum(1 for _ in client.collection(BATCHES).list_documents())
