"""The archive that an address names: `gs://BUCKET`, or a folder of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from regen.adapters.folder import Folder

if TYPE_CHECKING:
    from regen.ports import Archive

IN_A_BUCKET = "gs://"


def archive_at(address: str) -> Archive:
    """The archive; for a bucket with the account of this machine.

    Raises:
        google.auth.exceptions.DefaultCredentialsError: this machine has none.
    """
    if not address.startswith(IN_A_BUCKET):
        return Folder(Path(address))
    from regen.adapters.bucket import Bucket, session  # noqa: PLC0415

    return Bucket(address.removeprefix(IN_A_BUCKET), session())
