"""A reader's queries through the official client, for tests whose tables stand behind one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from google.cloud import bigquery

from regen.adapters.bigquery.errors import translated
from regen.adapters.bigquery.jobs import Jobs
from regen.adapters.bigquery.params import scalars
from regen.client.reader import Reader

if TYPE_CHECKING:
    from regen.adapters.bigquery.wire import Record


class ThroughClient(Jobs):
    """What `Queries` does, by the client."""

    def rows(self, statement: str, values: Mapping[str, Any]) -> list[Record]:
        """The rows of a statement."""
        config = bigquery.QueryJobConfig(query_parameters=scalars(values))
        with translated():
            return [dict(row.items()) for row in self.client.query_and_wait(statement, job_config=config)]


def read_through(reader: Reader, client: Any) -> Reader:
    """The reader, whose queries go through a client."""
    vars(reader)["queries"] = ThroughClient(client)
    return reader
