"""The caller's identity token, for a coordinator that stands behind IAM.

Cloud Run wants an ID token before the function sees the call
(https://cloud.google.com/run/docs/authenticating/developers). It is asked for only once Cloud Run has refused a call without one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from regen.client.errors import Misused
from regen.domain.addresses import is_plain

VARIABLE = "REGEN_ID_TOKEN"
GCLOUD_SECONDS = 30.0
HELP = (
    f"Cloud Run refused the call before it reached regen: log in (`gcloud auth login`) or set {VARIABLE}, "
    "and have yourself added to `operators`"
)


@dataclass
class Identity:
    """Who calls the coordinator at `audience`.

    Attributes:
        token: what is sent; None until Cloud Run has asked for one.
    """

    audience: str
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    token: str | None = None

    def renew(self) -> bool:
        """Look for a token: the variable's, then gcloud's, then that of the machine's service account; whether there is another.

        Raises:
            Misused: the variable's has characters that no token has; they are not quoted.
        """
        before = self.token
        given = self.environ.get(VARIABLE)
        if given and not is_plain(given):
            raise Misused(f"{VARIABLE} has characters that no token has: tokens are ASCII without blanks and line ends")
        self.token = given or self._from_gcloud() or self._from_account()
        return self.token is not None and self.token != before

    def _from_gcloud(self) -> str | None:
        command = shutil.which("gcloud", path=self.environ.get("PATH"))
        if command is None:
            return None
        try:
            done = subprocess.run(
                [command, "auth", "print-identity-token"],
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=GCLOUD_SECONDS,
                check=False,
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        token = done.stdout.strip()
        return token if done.returncode == 0 and is_plain(token) else None

    def _from_account(self) -> str | None:
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
        from google.auth.transport.requests import Request  # noqa: PLC0415
        from google.oauth2 import id_token  # noqa: PLC0415

        try:
            token: str = id_token.fetch_id_token(Request(), self.audience)  # type: ignore[no-untyped-call]
        except (GoogleAuthError, OSError, ValueError):
            return None
        return token
