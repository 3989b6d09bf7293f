"""The warehouse as operators read it: BigQuery, in a project or in the emulator."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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

    from regen.adapters.bigquery.columns import Columns
    from regen.adapters.bigquery.queries import Queries
    from regen.domain.promotion import StagingTable
    from regen.sql import Names

Record = dict[str, Any]
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
    def queries(self) -> Queries:
        """What reads the tables.

        Raises:
            WarehouseFailed: this machine has no credentials for the project.
        """
        from google.auth.exceptions import DefaultCredentialsError  # noqa: PLC0415

        from regen.adapters.bigquery import queries  # noqa: PLC0415

        if self.emulator:
            session = queries.emulator_session()
            return queries.Queries(session, self.project, self.maximum_bytes_billed, self.emulator)
        try:
            return queries.Queries(queries.default_session(), self.project, self.maximum_bytes_billed)
        except DefaultCredentialsError as error:
            raise self._without_credentials() from error

    @cached_property
    def client(self) -> bigquery.Client:
        """The official client, for what is more than a query; it takes most of a second to import.

        Raises:
            WarehouseFailed: this machine has no credentials for the project.
        """
        if self.emulator:
            from regen.adapters.bigquery.clients import emulator_client  # noqa: PLC0415

            return emulator_client(self.emulator, self.project)
        from google.auth.exceptions import DefaultCredentialsError  # noqa: PLC0415
        from google.cloud import bigquery  # noqa: PLC0415

        try:
            return bigquery.Client(project=self.project)
        except DefaultCredentialsError as error:
            raise self._without_credentials() from error

    def _without_credentials(self) -> WarehouseFailed:
        return WarehouseFailed(
            f"no credentials for {self.project}: type `gcloud auth application-default login`, or start "
            "`regen local up` and leave --project out",
            DefaultCredentialsMissing(),
        )

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
        with self._failing():
            return [plain(row) for row in self._asked(name, lists, values)]

    def rows(self, name: str, /, **values: Any) -> list[Record]:  # noqa: ANN401
        """The rows of a statement, with dates and moments; columns that upstream's tables lack are null.

        Raises:
            WarehouseFailed: BigQuery says no, or nothing.
        """
        with self._failing():
            return self._columns.tolerating(lambda lists: self._asked(name, lists, values))

    def staging_tables(self) -> list[StagingTable]:
        """The tables of the dataset of staging.

        Raises:
            WarehouseFailed: BigQuery says no, or nothing.
        """
        with self._failing():
            return self.queries.staging_tables(self.names.staging_dataset)

    def query(self, text: str, **values: Any) -> list[Record]:  # noqa: ANN401
        """The rows of any statement; tables in braces, values as named parameters.

        Raises:
            WarehouseFailed: BigQuery says no, or nothing.
        """
        from regen.sql.render import render_text  # noqa: PLC0415

        with self._failing():
            return [plain(row) for row in self._sent(render_text(text, self.names), values)]

    @cached_property
    def _columns(self) -> Columns:
        from regen.adapters.bigquery.columns import Columns  # noqa: PLC0415

        return Columns(self.queries.columns_of, self.names)

    def _asked(self, name: str, lists: tuple[tuple[str, str], ...], values: Mapping[str, object]) -> list[Record]:
        from regen.sql import render  # noqa: PLC0415

        statement = render(name, self.names, None, lists)
        _ = self.queries  # made before the clock starts: its imports are not the warehouse's
        began = time.monotonic()
        rows = self._sent(statement, values)
        if self.heard:
            self.heard(f"BigQuery, {name}: {len(rows)} rows in {1000 * (time.monotonic() - began):.0f} ms")
        return rows

    def _sent(self, statement: str, values: Mapping[str, object]) -> list[Record]:
        queries = self.queries
        with waiting_for("BigQuery", self.tell):
            return queries.rows(statement, values)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Raise what an operator reads instead of the adapter's errors."""
        try:
            yield
        except RegenError as error:
            raise WarehouseFailed(f"BigQuery ({self.emulator or self.project}): {error}", error) from error

    def close(self) -> None:
        """Give the connections back."""
        if "queries" in self.__dict__:
            self.queries.session.close()
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
