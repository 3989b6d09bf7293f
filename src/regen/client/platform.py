"""Google Cloud's REST interfaces as an operator reads them: one call, one JSON object. Nothing is ever changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from msgspec import Struct, field

from regen.client.errors import OperatorError

if TYPE_CHECKING:
    import requests

Record = Mapping[str, Any]
SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
HOSTS: Mapping[str, str] = {
    "run": "https://run.googleapis.com/v2",
    "pubsub": "https://pubsub.googleapis.com/v1",
    "eventarc": "https://eventarc.googleapis.com/v1",
    "scheduler": "https://cloudscheduler.googleapis.com/v1",
    "monitoring": "https://monitoring.googleapis.com/v3",
    "projects": "https://cloudresourcemanager.googleapis.com/v3",
}


class PlatformRefused(OperatorError):
    """Google Cloud answered with an error.

    Attributes:
        status: the HTTP status: 403 lacks a right, 404 is not there.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Silent(OperatorError):
    """Google Cloud does not answer, or this machine has no credentials."""


class Platform(Struct, frozen=True, dict=True):
    """One project.

    Attributes:
        hosts: the address of each interface, by its name here.
        given: a session to use in place of the machine's own credentials.
    """

    project: str
    hosts: Mapping[str, str] = field(default_factory=lambda: HOSTS)
    given: requests.Session | None = None
    timeout: float = 4.0

    @cached_property
    def session(self) -> requests.Session:
        """The machine's application default credentials.

        Raises:
            Silent: there are none.
        """
        if self.given is not None:
            return self.given
        import google.auth  # noqa: PLC0415
        from google.auth.exceptions import DefaultCredentialsError  # noqa: PLC0415
        from google.auth.transport.requests import AuthorizedSession  # noqa: PLC0415

        try:
            credentials, _ = google.auth.default(scopes=SCOPES)
        except DefaultCredentialsError as error:
            raise Silent("no credentials on this machine: type `gcloud auth application-default login`") from error
        return AuthorizedSession(credentials)  # type: ignore[no-untyped-call]

    def get(self, host: str, path: str, **query: str | Sequence[str]) -> Record:
        """Read; `path` begins below `projects/PROJECT`, with its slash or colon.

        Raises:
            PlatformRefused: the answer is an error.
            Silent: there is no answer.
        """
        asked = f"?{urlencode(query, doseq=True)}" if query else ""
        return self._once("GET", f"{self.hosts[host]}/projects/{self.project}{path}{asked}")

    def permitted(self, permissions: Sequence[str], host: str = "projects", path: str = "") -> frozenset[str]:
        """Those of the permissions that the caller has on the project, or on what `host` has at `path` below it.

        Raises:
            PlatformRefused: the answer is an error.
            Silent: there is no answer.
        """
        url = f"{self.hosts[host]}/projects/{self.project}{path}:testIamPermissions"
        return frozenset(self._once("POST", url, json={"permissions": list(permissions)}).get("permissions", ()))

    def _once(self, method: str, url: str, **more: Any) -> Record:  # noqa: ANN401
        import requests  # noqa: PLC0415
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415

        try:
            answer = self.session.request(method, url, timeout=self.timeout, **more)
            content = answer.json() if answer.content else {}
        except (requests.RequestException, GoogleAuthError, ValueError) as error:
            raise Silent(f"{url.partition('?')[0]}: {error}") from error
        if answer.status_code >= 400:
            raise PlatformRefused(answer.status_code, _message(content, answer.status_code))
        if not isinstance(content, dict):
            raise Silent(f"{url.partition('?')[0]}: no JSON object came back")
        return content


def _message(content: object, status: int) -> str:
    if isinstance(content, dict) and isinstance(error := content.get("error"), dict) and error.get("message"):
        return str(error["message"])
    return f"HTTP {status}"
