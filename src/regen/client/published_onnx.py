"""Published models as ONNX, as a command line sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from regen.client.errors import FellShort
from regen.client.published import put
from regen.domain.models import is_hash
from regen.systems.onnx_model import PREFIX, OnnxModel, OnnxRefused, object_name, verified

if TYPE_CHECKING:
    from regen.ports import Archive


def publish(store: Archive, model: OnnxModel) -> None:
    """Put a model into the store, under its hash, and read it back.

    Raises:
        FellShort: what the store holds under that hash is something else.
    """
    put(store, object_name(model.hash), model.to_bytes())


def published(store: Archive) -> list[str]:
    """The hashes in the store, in order."""
    return [name.removeprefix(PREFIX) for name in store.names(PREFIX)]


def facts_of(store: Archive, model_hash: str) -> dict[str, object] | None:
    """What a model says of itself; None if the store has none of that hash.

    Raises:
        FellShort: what the store has is not what its name says.
    """
    content = store.read(object_name(model_hash)) if is_hash(model_hash) else None
    if content is None:
        return None
    try:
        model = verified(content, model_hash)
    except OnnxRefused as error:
        raise FellShort(f"ONNX model {model_hash}: {error}") from error
    return facts(model)


def facts(model: OnnxModel) -> dict[str, object]:
    """What a model says of itself."""
    manifest: dict[str, object] = msgspec.json.decode(msgspec.json.encode(model.manifest))
    named = {"hash": model.hash, "from": "store", "setting": f"{model.manifest.system_id}={model.hash}"}
    return {**named, "bytes": len(model.content), **manifest}
