"""`models publish FILE.onnx`: a model as ONNX, tried and put into the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from regen.client.errors import Misused

if TYPE_CHECKING:
    from regen.cli.session import Session


def publish_onnx(session: Session, file: Path, manifest: Path | None) -> None:
    """Load the model as a worker does, put it into the store, and say how it is named in the setting.

    Raises:
        Misused: there is no manifest, one of the two cannot be read, or the model cannot be run.
    """
    from regen.client.published_onnx import facts, publish  # noqa: PLC0415
    from regen.systems.onnx_model import OnnxRefused, sealed  # noqa: PLC0415
    from regen.systems.onnx_session import session as loaded  # noqa: PLC0415

    if manifest is None:
        raise Misused(f"{file}: a model as ONNX needs --manifest FILE (docs/bring-your-own.md)")
    try:
        model = sealed(manifest.read_bytes(), file.read_bytes())
        loaded(model)
    except (OSError, OnnxRefused) as error:
        raise Misused(f"{file}: {error}") from error
    publish(session.models, model)
    found = facts(model)
    if session.out.json:
        session.out.dump(found)
    else:
        session.out.line(f"published {model.hash}: REGEN_ONNX_SYSTEMS={found['setting']}")
