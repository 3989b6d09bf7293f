"""The external systems of a command, as the environment names them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from regen.cli.variables import setting
from regen.client.errors import Misused

if TYPE_CHECKING:
    from regen.cli.session import Session


def admitted(more: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Have the systems that REGEN_EXTERNAL_SYSTEMS and REGEN_ONNX_SYSTEMS name, and these of packages, in the registry.

    Returns:
        Those of packages.

    Raises:
        Misused: one of them cannot be used.
    """
    from regen.systems import admit  # noqa: PLC0415
    from regen.systems.external import SystemsUnusable  # noqa: PLC0415

    names = tuple(dict.fromkeys((*setting("REGEN_EXTERNAL_SYSTEMS"), *more)))
    try:
        admit(names, setting("REGEN_ONNX_SYSTEMS"))
    except SystemsUnusable as error:
        raise Misused(str(error)) from error
    return names


def onnx_words(names: Collection[str] | None = None) -> tuple[str, ...]:
    """The models as ONNX that the environment names, NAME=HASH; those of these systems alone, if any are given."""
    words: tuple[str, ...] = setting("REGEN_ONNX_SYSTEMS")
    return tuple(word for word in words if names is None or word.partition("=")[0] in names)


def prepared(session: Session, names: Collection[str] | None = None) -> None:
    """Have the models as ONNX of these systems, or all that the environment names, ready to run.

    Raises:
        ModelUnavailable: one cannot be had, or cannot be run here.
    """
    if words := onnx_words(names):
        from regen.systems import prepare  # noqa: PLC0415

        prepare([word.partition("=")[0] for word in words], session.models.read)


def kept_in(session: Session, folder: Path, names: Collection[str]) -> tuple[str, ...]:
    """Put the objects of these systems' models as ONNX into a folder, for another process; they are prepared.

    Returns:
        The models, NAME=HASH.
    """
    from regen.systems.onnx_model import object_name  # noqa: PLC0415

    words = onnx_words(names)
    for word in words:
        path = folder / object_name(word.partition("=")[2])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(session.models.read(object_name(word.partition("=")[2])) or b"")
    return words
