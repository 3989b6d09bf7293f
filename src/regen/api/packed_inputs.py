"""Players' inputs as a request's document and the archive hold them: MessagePack, compressed."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from regen.api.forms import Form
from regen.domain.errors import Unreadable
from regen.domain.inputs import PlayerInputs


class Unfit(Struct, frozen=True):
    """A player of a request whose inputs cannot be decoded, and the error.

    Attributes:
        game_id: empty if it cannot be decoded either.
    """

    player_lookup: str
    why: str
    game_id: str = ""


_PLAYER = Form(PlayerInputs)

_INPUTS = Form(list[PlayerInputs])


def pack_inputs(inputs: Sequence[PlayerInputs]) -> bytes:
    """Players' inputs, compressed."""
    return zlib.compress(msgspec.msgpack.encode(inputs), 3)


def unpack_inputs(blob: bytes) -> list[PlayerInputs | Unfit]:
    """Unpack the result of `pack_inputs`. Each player is decoded separately, so that one unfit player spoils no other.

    Raises:
        Unreadable: the data is not a list of players.
    """
    try:
        packed = zlib.decompress(blob)
        try:
            return list(_INPUTS.msgpack(packed))
        except msgspec.ValidationError:
            return [_unpacked(raw) for raw in msgspec.msgpack.decode(packed, type=list[msgspec.Raw])]
    except (zlib.error, msgspec.DecodeError, TypeError, ValueError, RecursionError) as error:
        raise Unreadable(f"inputs cannot be read: {error}") from error


def _unpacked(raw: msgspec.Raw) -> PlayerInputs | Unfit:
    try:
        return _PLAYER.msgpack(raw)
    except (msgspec.ValidationError, ValueError) as error:
        known = msgspec.msgpack.decode(raw)
        fields = known if isinstance(known, dict) else {}
        game = fields.get("game_id")
        return Unfit(str(fields.get("player_lookup", "")), f"inputs: {error}", game if isinstance(game, str) else "")
