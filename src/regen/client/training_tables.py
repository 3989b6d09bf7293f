"""What there is to learn from in the input tables."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from regen.client.reader import Reader, Record, WarehouseFailed

if TYPE_CHECKING:
    from regen.adapters.bigquery.columns import Lists

GAMES, LINES = "training_games", "training_lines"


def rows_to_learn_from(reader: Reader, first: date, until: date) -> tuple[list[Record], list[Record]]:
    """Box scores and lines of the dates, two statements; columns that upstream lacks are null.

    Raises:
        WarehouseFailed: BigQuery says no, or nothing.
    """
    from regen.adapters.bigquery.columns import Columns  # noqa: PLC0415
    from regen.adapters.bigquery.errors import BrokenStatement  # noqa: PLC0415
    from regen.domain.errors import StatementRefused  # noqa: PLC0415

    refusals = (BrokenStatement, StatementRefused)

    def read(name: str, lists: Lists) -> list[Record]:
        try:
            return reader.run(name, lists, first=first, until=until)
        except WarehouseFailed as error:
            if isinstance(error.__cause__, refusals):
                raise error.__cause__ from None
            raise

    columns = Columns(reader.client, reader.names)
    try:
        return columns.tolerating(partial(read, GAMES)), columns.tolerating(partial(read, LINES))
    except refusals as error:
        raise WarehouseFailed(f"BigQuery ({reader.emulator or reader.project}): {error}", error) from error
