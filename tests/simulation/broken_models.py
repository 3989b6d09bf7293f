"""Mistakes with models, for the variants of `simulation.broken`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from regen.domain.batch import Batch
from regen.domain.errors import ModelUnavailable
from regen.ports import Write
from regen.services.batch import pinning, processing, using
from regen.services.healing import sweeping
from regen.services.state import models
from regen.services.state.decoding import encoded
from regen.services.state.deps import Deps
from regen.services.state.paths import models_path


@contextmanager
def predicts_with_the_current() -> Iterator[None]:
    """A worker that loads the model in use instead of the one that the batch has pinned."""

    def current(deps: Deps, batch: Batch, wanted: Sequence[str], version: str) -> Sequence[Any]:
        if version not in batch.models:
            return deps.config.run_for(wanted, version)
        hashes = pinning.pins(deps).hashes
        return models.model_of(deps, hashes[version]).run_for(wanted)

    with patch.object(processing, "systems_of", current):
        yield


@contextmanager
def falls_back_to_the_releases() -> Iterator[None]:
    """A worker that predicts with what its release ships if the pinned model is lost or half written."""

    def lenient(deps: Deps, batch: Batch, wanted: Sequence[str], version: str) -> Sequence[Any]:
        try:
            return models.systems_of(deps, batch, wanted, version)
        except ModelUnavailable:
            return deps.config.run_for(wanted, version)

    with patch.object(processing, "systems_of", lenient):
        yield


@contextmanager
def waits_for_its_model() -> Iterator[None]:
    """A sweep that waits for a batch's model for as long as the store lacks it, past the deadline."""
    close = sweeping._close

    def waiting(parts: Any, batch: Batch) -> str:
        for version, artefact_hash in batch.models.items():
            try:
                models.systems_of(parts.deps, batch, (), version)
            except ModelUnavailable:
                return f"waits for {artefact_hash}"
        return close(parts, batch)

    with patch.object(sweeping, "_close", waiting):
        yield


@contextmanager
def uses_without_looking() -> Iterator[None]:
    """Of two orders at once the later overwrites the record of the earlier."""

    def write(record: Any, _: object) -> Write:
        return Write("put", models_path(), encoded(record))

    with patch.object(using, "in_use_write", write):
        yield
