"""The archive in a bucket of Cloud Storage, by its JSON interface (docs/decisions/0019-kept-inputs.md).

https://cloud.google.com/storage/docs/json_api/v1/objects
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from regen.domain.errors import AccessDenied, Defect, RateLimited, Unavailable

if TYPE_CHECKING:
    import requests

SERVICE = "Cloud Storage"
HOST = "https://storage.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
SECONDS = (5.0, 30.0)
"""To connect, and between two bytes of an answer."""
EXISTS = 412
FLEETING = frozenset({408, 425})
PAGE = 1000


class ArchiveRefused(Defect):
    """Cloud Storage refuses a request for a reason that lasts."""


def session() -> requests.Session:
    """The machine's own account."""
    import google.auth  # noqa: PLC0415
    from google.auth.transport.requests import AuthorizedSession  # noqa: PLC0415

    credentials, _ = google.auth.default(scopes=[SCOPE])
    return patient(AuthorizedSession(credentials))  # type: ignore[no-untyped-call]


def patient(client: requests.Session) -> requests.Session:
    """The same, but a call that fails for a moment is made again, twice: what writes has a precondition."""
    from requests.adapters import HTTPAdapter  # noqa: PLC0415
    from urllib3.util import Retry  # noqa: PLC0415

    again = Retry(
        total=2,
        backoff_factor=0.2,
        status_forcelist=(408, 429, 500, 502, 503, 504),
        allowed_methods=None,
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    for scheme in ("https://", "http://"):
        client.mount(scheme, HTTPAdapter(max_retries=again))
    return client


class Bucket:
    """One bucket."""

    def __init__(self, name: str, client: requests.Session, host: str = HOST) -> None:
        self._client, self._bucket = client, name
        self._objects = f"{host}/storage/v1/b/{quote(name, safe='')}/o"
        self._upload = f"{host}/upload/storage/v1/b/{quote(name, safe='')}/o"

    def keep(self, name: str, content: bytes) -> None:
        """Create the object, if there is none of that name.

        https://cloud.google.com/storage/docs/request-preconditions: 0 as generation means that no live object may exist.
        """
        query = {"uploadType": "media", "name": name, "ifGenerationMatch": "0"}
        head = {"Content-Type": "application/octet-stream"}
        status, message, _ = self._said(self._post(self._upload, params=query, data=content, headers=head))
        if status == EXISTS:
            return
        # Replacing takes a right that no account has. Whether the precondition or the right is looked at first is not written
        # down, so that a refusal may mean that the object is there.
        if status in {401, 403} and self._is_there(name):
            return
        if status != 200:
            raise self._error(status, message, name)

    def names(self, prefix: str) -> list[str]:
        """All names that begin so, in order."""
        found: list[str] = []
        query = {"prefix": prefix, "fields": "items/name,nextPageToken", "maxResults": str(PAGE)}
        while True:
            status, message, content = self._said(self._get(self._objects, params=query))
            if status != 200:
                raise self._error(status, message, prefix)
            page = content or {}
            found += [str(item["name"]) for item in page.get("items", ())]
            if not (token := page.get("nextPageToken")):
                return sorted(found)
            query["pageToken"] = str(token)

    def read(self, name: str) -> bytes | None:
        """An object's content."""
        answer = self._get(self._object(name), params={"alt": "media"})
        if answer.status_code == 200:
            return bytes(answer.content)
        message = _message(answer)
        if answer.status_code == 404 and "bucket" not in message.lower():
            return None
        raise self._error(answer.status_code, message, name)

    def _is_there(self, name: str) -> bool:
        status, _, _ = self._said(self._get(self._object(name), params={"fields": "name"}))
        return status == 200

    def _object(self, name: str) -> str:
        return f"{self._objects}/{quote(name, safe='')}"

    def _said(self, answer: requests.Response) -> tuple[int, str, dict[str, Any] | None]:
        """The status, the error's text, and the answer."""
        if answer.status_code != 200:
            return answer.status_code, _message(answer), None
        try:
            content = answer.json()
        except ValueError as error:
            raise Unavailable("Cloud Storage answered with no JSON").of(SERVICE) from error
        return 200, "", content if isinstance(content, dict) else {}

    def _get(self, url: str, **more: Any) -> requests.Response:  # noqa: ANN401
        with _answering():
            return self._client.get(url, timeout=SECONDS, **more)

    def _post(self, url: str, **more: Any) -> requests.Response:  # noqa: ANN401
        with _answering():
            return self._client.post(url, timeout=SECONDS, **more)

    def _error(self, status: int, message: str, name: str) -> Exception:
        text = f"{self._bucket}, {name}: {message or status}"
        if status == 429:
            return RateLimited(text).of(SERVICE)
        if status in {401, 403}:
            return AccessDenied(text).of(SERVICE)
        if status == 404:
            return Unavailable(f"there is no bucket {self._bucket}: {message or status}").of(SERVICE)
        if status >= 500 or status in FLEETING:
            return Unavailable(text).of(SERVICE)
        return ArchiveRefused(text).of(SERVICE)


@contextmanager
def _answering() -> Iterator[None]:
    """Turn what the libraries raise into the error that a retry can help."""
    import requests  # noqa: PLC0415
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415

    try:
        yield
    except (requests.RequestException, GoogleAuthError, OSError) as error:
        raise Unavailable(f"Cloud Storage does not answer: {type(error).__name__}").of(SERVICE) from error


def _message(answer: requests.Response) -> str:
    try:
        found = answer.json()["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"
    return str(found)[:300]
