"""The warehouse as operators read it: BigQuery, in a project or in the emulator."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from regen.client.errors import ExitCode, Misused, OperatorError
from regen.client.patience import waiting_for
from regen.client.wording import plain
from regen.domain.errors import AccessDenied, RegenError, Unavailable
from regen.settings import number

if TYPE_CHECKING:
    from google.cloud import bigquery

    from regen.sql import Names

Record = dict[str, Any]
#: Seconds in which BigQuery has to take a call; it answers a query that still runs after ten
#: (https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query, `timeoutMs`).
CALL_SECONDS = 15.0
BATCH_DATE = re.compile(r"^(?:batch|regen)_(\d{4}-\d\d-\d\d)_")


class WarehouseFailed(OperatorError):
    """BigQuery did not do what it was asked."""

    title = "BigQuery failed"

    def __init__(self, message: str, cause: Exception | None = None) -> None:
        super().__init__(message)
        if isinstance(cause, AccessDenied | DefaultCredentialsMissing):
            self.exit_code = ExitCode.UNAUTHENTICATED
        elif isinstance(cause, Unavailable):
            self.exit_code = ExitCode.UNREACHABLE


class DefaultCredentialsMissing(OperatorError):
    """This machine has no credentials for Google Cloud."""


class Reader(Struct, frozen=True, dict=True):
    """Reads from one project.

    Attributes:
        emulator: http address of the emulator; None for the real thing, with the machine's own credentials.
        prefix: goes before each dataset's name.
        maximum_bytes_billed: of one query; BigQuery refuses one that would bill more.
        tell: called with a sentence while an answer is waited for.
        heard: called with each statement and how many rows came of it.
    """

    project: str
    emulator: str | None = None
    prefix: str = ""
    maximum_bytes_billed: int = int(number("REGEN_MAXIMUM_BYTES_BILLED"))
    tell: Callable[[str], None] | None = None
    heard: Callable[[str], None] | None = None

    @cached_property
    def client(self) -> bigquery.Client:
        """The official client."""
        if self.emulator:
            from regen.adapters.bigquery.clients import emulator_client  # noqa: PLC0415

            return emulator_client(self.emulator, self.project)
        from google.auth.exceptions import DefaultCredentialsError  # noqa: PLC0415
        from google.cloud import bigquery  # noqa: PLC0415

        try:
            return bigquery.Client(project=self.project)
        except DefaultCredentialsError as error:
            raise WarehouseFailed(
                f"no credentials for {self.project}: type `gcloud auth application-default login`, or start "
                "`regen local up` and leave --project out",
                DefaultCredentialsMissing(),
            ) from error

    @cached_property
    def names(self) -> Names:
        """Where the tables stand."""
        from regen.sql import Names  # noqa: PLC0415

        return Names(self.project, self.prefix)

    def run(self, name: str, lists: tuple[tuple[str, str], ...] = (), /, **values: Any) -> list[Record]:  # noqa: ANN401
        """The rows of a statement, values as JSON has them.

        Args:
            lists: further places of the statement: lists of columns.
            values: the named parameters.

        Raises:
            WarehouseFailed: BigQuery says no, or nothing.
        """
        from regen.sql import render  # noqa: PLC0415

        statement = render(name, self.names, None, lists)
        _ = self.client  # made before the clock starts: half a second of imports is not the warehouse's
        began = time.monotonic()
        rows = self._send(statement, values)
        if self.heard:
            self.heard(f"BigQuery, {name}: {len(rows)} rows in {1000 * (time.monotonic() - began):.0f} ms")
        return rows

    def query(self, text: str, **values: Any) -> list[Record]:  # noqa: ANN401
        """The rows of any statement; tables in braces, values as named parameters.

        Raises:
            WarehouseFailed: BigQuery says no, or nothing.
        """
        from regen.sql.render import render_text  # noqa: PLC0415

        return self._send(render_text(text, self.names), values)

    def _send(self, statement: str, values: Mapping[str, object]) -> list[Record]:
        from google.cloud import bigquery  # noqa: PLC0415
        from google.cloud.bigquery.retry import DEFAULT_RETRY  # noqa: PLC0415

        from regen.adapters.bigquery.errors import translated  # noqa: PLC0415
        from regen.adapters.bigquery.params import scalars  # noqa: PLC0415

        config = bigquery.QueryJobConfig(
            query_parameters=scalars(values), maximum_bytes_billed=self.maximum_bytes_billed
        )
        client = self.client  # outside of the translation: what it raises says itself what to do
        try:
            with translated():
                with waiting_for("BigQuery", self.tell):
                    rows = client.query_and_wait(
                        statement,
                        job_config=config,
                        wait_timeout=120,
                        api_timeout=CALL_SECONDS,
                        retry=DEFAULT_RETRY.with_timeout(CALL_SECONDS),
                    )
                return [{key: plain(value) for key, value in row.items()} for row in rows]
        except RegenError as error:
            raise WarehouseFailed(f"BigQuery ({self.emulator or self.project}): {error}", error) from error

    def close(self) -> None:
        """Give the connections back."""
        if "client" in self.__dict__:
            self.client.close()  # type: ignore[no-untyped-call]


def date_of(batch_id: str) -> date:
    """The game date that a batch's id carries.

    Raises:
        Misused: it carries none.
    """
    if match := BATCH_DATE.match(batch_id):
        return date.fromisoformat(match[1])
    raise Misused(f"{batch_id} is no batch id: those look like regen_2026-01-20_reason_a1b2c3")
