"""The identity token of a process that runs on Google Cloud: the console's, and that of the weekly refit."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from regen.client.errors import Unreachable


@dataclass
class OwnToken:
    """The identity token of the account that a process runs as on Google Cloud, made anew before it expires.

    Attributes:
        audience: what the coordinator takes for its own.
    """

    audience: str
    _credentials: Any = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self) -> str:
        """The token.

        Raises:
            Unreachable: the platform gives none.
        """
        # Imported at the first call: nothing that the start waits for.
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
        from google.auth.transport.requests import Request  # noqa: PLC0415
        from google.oauth2 import id_token  # noqa: PLC0415

        try:
            with self._lock:
                if self._credentials is None:
                    self._credentials = id_token.fetch_id_token_credentials(self.audience, Request())  # type: ignore[no-untyped-call]
                if not self._credentials.valid:
                    self._credentials.refresh(Request())
                return str(self._credentials.token)
        except (GoogleAuthError, OSError, ValueError) as error:
            why = error if not isinstance(error, ValueError) else type(error).__name__
            raise Unreachable(f"the platform gives no identity token: {why}") from error
