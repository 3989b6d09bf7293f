from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from google.cloud import firestore

from regen.adapters.firestore import FirestoreStore
from regen.adapters.memory.store import MemoryStore
from regen.local.emulators import Emulators, find_emulators
from regen.ports import BatchStore
from support import emulators as emulator


@pytest.fixture(scope="session")
def emulators() -> Emulators:
    found = find_emulators()
    if isinstance(found, str):
        pytest.skip(f"SKIPPED, Google's emulators are not here: {found}")
    return found


@pytest.fixture(scope="session")
def firestore_host(emulators: Emulators, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with emulator.firestore(emulators, tmp_path_factory.mktemp("firestore")) as host:
        yield host


@pytest.fixture(scope="session")
def pubsub_host(emulators: Emulators, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with emulator.pubsub(emulators, tmp_path_factory.mktemp("pubsub")) as host:
        yield host


@pytest.fixture(params=["memory", "firestore"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> BatchStore:
    """A store of its own for each test."""
    if request.param == "memory":
        return MemoryStore()
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", request.getfixturevalue("firestore_host"))
    return FirestoreStore(firestore.Client(project=f"test-{uuid.uuid4().hex[:12]}"))


@pytest.fixture
def project() -> str:
    return f"test-{uuid.uuid4().hex[:12]}"
