"""Live quality, as the gradings have kept it."""

from __future__ import annotations

from datetime import date, timedelta

from regen.client.reader import Reader, Record

BACK = timedelta(days=90)
"""How far back the newest figures are looked for."""


def kept(reader: Reader, first: date, last: date) -> list[Record]:
    """The figures of a range of dates, the newest date first: one row for each system and window."""
    from regen.sql.lists import lists  # noqa: PLC0415 - a command that reads no table is not to wait for the schemas

    return reader.run("quality_kept", lists(counted=False), first=first, last=last)


def newest(reader: Reader, until: date) -> list[Record]:
    """The figures of the newest date that has any, up to a date; empty if nothing was graded for long."""
    found = kept(reader, until - BACK, until)
    return [row for row in found if row["as_of_date"] == found[0]["as_of_date"]]
