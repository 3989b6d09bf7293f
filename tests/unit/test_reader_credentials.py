"""A machine without credentials for Google Cloud: what is said, and how the command ends."""

from __future__ import annotations

import google.auth
import pytest
from google.auth.exceptions import DefaultCredentialsError

from regen.client.errors import ExitCode
from regen.client.reader import Reader, WarehouseFailed


def test_a_read_without_credentials_ends_unauthenticated(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ended with 1, as if BigQuery had failed."""

    def missing(*_: object, **__: object) -> None:
        raise DefaultCredentialsError("none")  # type: ignore[no-untyped-call]

    monkeypatch.setattr(google.auth, "default", missing)
    with pytest.raises(WarehouseFailed, match=r"^no credentials for some-project: type `gcloud auth") as raised:
        Reader("some-project").run("show", game_date="2026-01-20", player="", system="")
    assert raised.value.exit_code == ExitCode.UNAUTHENTICATED
