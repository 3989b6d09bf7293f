"""HTTP to the coordinator: one request, one answer as it came, problems as errors that say what to do."""

from __future__ import annotations

import json
import time
import urllib.parse
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import IO

from msgspec import Struct

from regen.api.forms import Record
from regen.client.errors import Misused, Problem, Unreachable
from regen.client.identity import HELP, Identity
from regen.client.patience import waiting_for
from regen.domain.addresses import address_fault, on_loopback
from regen.domain.persons import HEADER

#: Seconds between repeats of a request that may be repeated: reads, and those with an idempotency key.
PAUSES = (0.2, 0.5, 1.0, 2.0)
#: Seconds in which a read has to be answered.
READ_SECONDS = 10.0
#: A read that has fewer seconds left is not repeated.
MIN_READ = 0.5
#: Seconds that an operator waits for a dependency of the coordinator.
PATIENCE = 60.0
MIN_PAUSE = 0.2
AGAIN = frozenset({429, 502, 503, 504})


#: What Cloud Run answers, as a page of text, to a caller whom IAM does not let in. regen's own refusals are JSON.
FRONT_REFUSES = frozenset({401, 403})


class FrontRefused(Problem):
    """Cloud Run refused the call before the function saw it."""

    def __init__(self, status: int) -> None:
        super().__init__(status, f"HTTP {status}", "no details")

    def explained(self) -> Problem:
        """The problem that the operator reads."""
        return Problem(self.status, f"HTTP {self.status}", HELP)


def _silent(_: str) -> None:
    pass


class Connection(Struct, frozen=True):
    """The way to the coordinator at a URL.

    Attributes:
        key: sent as `X-API-Key`; None for routes that need none.
        origin: where the URL is from, for errors.
        person: who gives the orders, sent as a claim; None sends none.
        identity: the caller's identity token, if Cloud Run asks for one; None where no front may.
        timeout: seconds for one answer to an order.
        read_seconds: seconds for a read, repeats included, where there is no answer.
        pauses: seconds between repeats, where the answer does not name them (`Retry-After`).
        patience: seconds that are waited in all because an answer asks for it.
        tell: called with a sentence for every such wait.
        heard: called with each request and what came of it.
        further: gives headers that go with each request, for those who have no key.
    """

    url: str
    key: str | None = None
    origin: str = "--url"
    timeout: float = 120.0
    read_seconds: float = READ_SECONDS
    pauses: Sequence[float] = PAUSES
    patience: float = PATIENCE
    tell: Callable[[str], None] = _silent
    sleep: Callable[[float], None] = time.sleep
    identity: Identity | None = None
    heard: Callable[[str], None] = _silent
    person: str | None = None
    further: Callable[[], Mapping[str, str]] = dict

    def get(self, path: str, **query: str | None) -> Record:
        """Read; repeated while the coordinator is not there.

        Raises:
            Problem: the answer is an error.
            Unreachable: there is no answer.
        """
        asked = urllib.parse.urlencode({k: v for k, v in query.items() if v is not None}, errors="replace")
        return self._repeated("GET", f"{path}?{asked}" if asked else path, None, {})

    def post(self, path: str, body: Mapping[str, object]) -> Record:
        """Give an order, once: it may have been carried out even if there is no answer.

        Raises:
            Problem: the answer is an error.
            Unreachable: there is no answer.
        """
        return self._once("POST", path, body, {}, self.timeout)

    def post_keyed(self, path: str, body: Mapping[str, object], key: str | None = None) -> Record:
        """Give an order under an idempotency key, so that it can be repeated and is still carried out once.

        Raises:
            Problem: the answer is an error.
            Unreachable: there is no answer.
        """
        return self._repeated("POST", path, body, {"Idempotency-Key": key or uuid.uuid4().hex})

    def _repeated(
        self, method: str, path: str, body: Mapping[str, object] | None, headers: Mapping[str, str]
    ) -> Record:
        """Repeat while that can help: after the pause that the answer asks for, or else after our own, of which there are few."""
        own, left = iter(self.pauses), self.patience
        silent = min(self.timeout, self.read_seconds) if method == "GET" else float("inf")
        while True:
            asked: float | None = None
            began = time.monotonic()
            try:
                with waiting_for("the coordinator", None if self.tell is _silent else self.tell):
                    return self._once(method, path, body, headers, min(self.timeout, silent))
            except Problem as problem:
                asked = problem.retry_after
                if problem.status not in AGAIN or (asked is not None and asked > left):
                    raise
                error: Problem | Unreachable = problem
            except Unreachable as unreachable:
                error = unreachable
                silent -= time.monotonic() - began
                if silent < MIN_READ:
                    raise
            if asked is None:
                if (pause := next(own, None)) is None:
                    raise error
                self.sleep(pause)
                continue
            left -= max(asked, MIN_PAUSE)
            self.tell(f"{error}; trying again in {asked:g} s")
            self.sleep(max(asked, MIN_PAUSE))

    def _once(
        self, method: str, path: str, body: Mapping[str, object] | None, headers: Mapping[str, str], seconds: float
    ) -> Record:
        """One request; a second one, with an identity token, if Cloud Run refused the first before the function saw it."""
        try:
            return self._timed(method, path, body, headers, seconds)
        except FrontRefused as refused:
            if self.identity is None or not self._is_private or not self.identity.renew():
                raise refused.explained() from None
        try:
            return self._timed(method, path, body, headers, seconds)
        except FrontRefused as refused:
            raise refused.explained() from None

    def _timed(
        self, method: str, path: str, body: Mapping[str, object] | None, headers: Mapping[str, str], seconds: float
    ) -> Record:
        began, came = time.monotonic(), "no answer"
        try:
            answer = self._sent(method, path, body, headers, seconds)
            came = "ok"
        except Problem as problem:
            came = str(problem.status)
            raise
        finally:
            self.heard(f"{method} {path}: {came} in {1000 * (time.monotonic() - began):.0f} ms")
        return answer

    @property
    def _is_private(self) -> bool:
        """Whether what is sent can be read by the coordinator alone."""
        return self.url.lower().startswith("https://") or on_loopback(self.url)

    def _sent(
        self, method: str, path: str, body: Mapping[str, object] | None, headers: Mapping[str, str], seconds: float
    ) -> Record:
        sent = {**headers, "Accept": "application/json", **self.further()}
        if self.key:
            sent["X-API-Key"] = self.key
        if self.person:
            # http.client writes headers as Latin-1; the coordinator reads the bytes as UTF-8.
            sent[HEADER] = self.person.encode().decode("latin-1")
        if self.identity is not None and self.identity.token and self._is_private:
            # Cloud Run checks this header and passes `Authorization` on as it is.
            sent["X-Serverless-Authorization"] = f"Bearer {self.identity.token}"
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        # They take a tenth of a second to import, which a command that asks nothing need not wait.
        from http.client import HTTPException, InvalidURL  # noqa: PLC0415
        from urllib.error import HTTPError  # noqa: PLC0415

        from regen.client.opening import opened  # noqa: PLC0415

        if fault := address_fault(self.url):
            raise Misused(f"the coordinator's address (from {self.origin}) {fault}")
        where = self.url.rstrip("/") + path
        try:
            with opened(where, data, sent, method=method, seconds=seconds, direct=on_loopback(self.url)) as response:
                return _object(response.read())
        except HTTPError as error:
            with error:
                answer = _read(error)
                asked = _seconds(error.headers.get("Retry-After"))
                if error.code in FRONT_REFUSES and not _is_object(answer):
                    raise FrontRefused(error.code) from None
                raise problem_from_answer(error.code, answer, asked) from None
        except (ValueError, InvalidURL) as error:
            # Its text quotes a header or an address, of which one may be a key; so may a trace.
            fault = f"a header or an address cannot be sent ({type(error).__name__})"
            raise Unreachable(f"nothing was sent to the coordinator at {self.url}: {fault}") from None
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise Unreachable(f"no answer from the coordinator at {self.url} (from {self.origin}): {reason}") from error


def _read(answer: IO[bytes]) -> bytes:
    """What a refusal says; nothing where it breaks off."""
    from http.client import HTTPException  # noqa: PLC0415

    try:
        return answer.read()
    except (OSError, HTTPException):
        return b""


def _seconds(retry_after: str | None) -> float | None:
    """What `Retry-After` asks for, in seconds from now: it has them, or a moment (RFC 9110, section 10.2.3)."""
    if not retry_after:
        return None
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - rarely asked for

    try:
        if retry_after.strip().isdigit():
            return float(retry_after)
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def problem_from_answer(status: int, body: bytes, retry_after: float | None = None) -> Problem:
    """The error that an answer is: problem+json if it is that, else its first words."""
    try:
        content = _object(body)
    except Unreachable:
        text = body.decode(errors="replace").strip().split("\n", 1)[0][:200]
        return Problem(status, f"HTTP {status}", text or "no details", retry_after=retry_after)
    title, detail = str(content.get("title", f"HTTP {status}")), str(content.get("detail", "no details"))
    if content.get("instance"):
        detail += f" (trace {content['instance']})"
    field, batch_id = (str(content[name]) if content.get(name) else None for name in ("field", "batch_id"))
    return Problem(status, title, detail, field, batch_id, retry_after, content)


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False


def _object(body: bytes) -> Record:
    try:
        content = json.loads(body)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise Unreachable("what answers there is no coordinator: no JSON object came back")
    return content
