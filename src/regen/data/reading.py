"""Opens files of data: what kind each is, its header and its rows; what cannot be read is named with what to do."""

from __future__ import annotations

import codecs
import csv
import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from msgspec import Struct

from regen.domain.errors import InvalidInput
from regen.domain.json_texts import read_json

ENDINGS = (".csv", ".csv.gz", ".json", ".json.gz")
FOREIGN = {
    ".zip": "a zip archive: unpack it beside the other files",
    ".parquet": "a Parquet file: write it as CSV (pandas: read_parquet(...).to_csv(..., index=False))",
    ".xlsx": "an Excel workbook: save the sheet as CSV UTF-8 (comma delimited)",
    ".xls": "an old Excel workbook: save the sheet as CSV UTF-8 (comma delimited)",
    ".tsv": "values between tabs: save it with commas, as .csv in UTF-8",
    ".txt": "a text file: save it as CSV, with commas, in UTF-8",
    ".pdf": "a PDF: its table is needed as CSV",
    ".jsonl": "lines of JSON: write one list of them, as .json",
    ".sqlite": "a database: write its tables as CSV",
}
"""What is not read, by ending, and what to do with it."""
_MAGIC = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook: unpack it, or save the sheet as CSV UTF-8"),
    (b"PAR1", FOREIGN[".parquet"]),
    (b"\xd0\xcf\x11\xe0", FOREIGN[".xls"]),
    (b"%PDF", FOREIGN[".pdf"]),
    (b"SQLite format 3", FOREIGN[".sqlite"]),
    (codecs.BOM_UTF16_LE, "text in UTF-16: save it as CSV UTF-8"),
    (codecs.BOM_UTF16_BE, "text in UTF-16: save it as CSV UTF-8"),
)
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


class Opened(Struct, frozen=True):
    """A file's header or document.

    Attributes:
        head: names of the columns of a CSV file, or of the records of a JSON file, in order; None if it has no such records.
        document: what a JSON file holds.
        records: of a JSON file.
    """

    path: Path
    head: tuple[str, ...] | None
    document: Any = None
    records: tuple[Mapping[str, object], ...] = ()

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """The rows below the header, each with the number of its line or of its record.

        Raises:
            InvalidInput: a row has more or fewer values than the header.
        """
        return iter(table_of(self.records)[1]) if self.records else rows_of(self.path)


def is_foreign(path: Path) -> str | None:
    """What a file is that is never read, and what to do with it; None if its name does not say so."""
    return next((what for ending, what in FOREIGN.items() if path.name.lower().endswith(ending)), None)


def open_file(path: Path) -> Opened:
    """Look at a file's beginning.

    Raises:
        InvalidInput: it cannot be read, and what to do.
    """
    if (what := is_foreign(path)) is not None:
        raise InvalidInput(path.name, f"CSV with commas, in UTF-8, or JSON; this is {what}")
    beginning = _beginning(path)
    for magic, what in _MAGIC:
        if beginning.startswith(magic):
            raise InvalidInput(path.name, f"CSV with commas, in UTF-8, or JSON; this is {what}")
    if path.name.lower().removesuffix(".gz").endswith(".json"):
        return _opened_json(path)
    with _text(path) as stream:
        head = tuple(name.strip() for name in _header(csv.reader(stream, strict=True)))
    if any("\0" in name for name in head):
        raise InvalidInput(path.name, "CSV with commas, in UTF-8; this is text in UTF-16: save it as CSV UTF-8")
    if len(head) == 1:
        for separator, what in _SEPARATORS.items():
            if separator in head[0]:
                raise InvalidInput(f"{path.name}:1", f"commas between values; here are {what}: save it as CSV UTF-8")
    return Opened(path, head)


def rows_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file below its header, each with the number of its line.

    Raises:
        InvalidInput: a row has more or fewer values than the header.
    """
    with _text(path) as stream:
        reader = csv.reader(stream, strict=True)
        width = len(_header(reader))
        for row in _lines(reader, path):
            if not row or not any(row):
                continue
            while len(row) > width and not row[-1]:
                row.pop()  # a delimiter at the end of the line
            if len(row) != width:
                raise InvalidInput(f"{path.name}:{reader.line_num}", f"{width} values, found {len(row)}")
            yield reader.line_num, row


def flat(record: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """A JSON object as texts by path: `{"player": {"id": 7}}` is `{"player.id": "7"}`."""
    found: dict[str, str] = {}
    for name, value in record.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{name}.")
        elif value is None:
            found[prefix + name] = ""
        elif isinstance(value, bool):
            found[prefix + name] = str(int(value))
        else:
            found[prefix + name] = str(value)
    return found


def table_of(records: Iterable[Mapping[str, object]]) -> tuple[tuple[str, ...], list[tuple[int, list[str]]]]:
    """Records of a document as a table: the names of all their fields, and numbered rows of texts."""
    flats = [flat(record) for record in records]
    head = tuple(dict.fromkeys(name for record in flats for name in record))
    return head, [(number, [record.get(name, "") for name in head]) for number, record in enumerate(flats, 1)]


def list_of_objects(document: object) -> Sequence[Mapping[str, object]] | None:
    """The document as a list of objects, also where it stands under `data` or `rows`; None if it is none."""
    if isinstance(document, Mapping):
        document = next((document[name] for name in ("data", "rows", "results") if name in document), None)
    if isinstance(document, list) and document and all(isinstance(item, Mapping) for item in document):
        return document
    return None


def _lines(reader: Any, path: Path) -> Iterator[list[str]]:  # noqa: ANN401 - csv's readers have no public type
    begun = reader.line_num
    try:
        for row in reader:
            begun = reader.line_num
            yield row
    except csv.Error as error:
        raise InvalidInput(
            f"{path.name}:{begun + 1}", f"quotes that are closed, with none inside a value: {error}"
        ) from error


def _header(reader: Iterator[list[str]]) -> list[str]:
    """The first line that is not empty."""
    return next((row for row in reader if any(row)), [])


def _opened_json(path: Path) -> Opened:
    document = _document(path)
    records = tuple(_result_set(document) or list_of_objects(document) or ())
    return Opened(path, tuple(table_of(records)[0]) if records else None, document, records)


def _result_set(document: object) -> Sequence[Mapping[str, object]] | None:
    """The first table of an answer of stats.nba.com, as nba_api's `get_dict` has it; None if it is none."""
    found = document.get("resultSets", document.get("resultSet")) if isinstance(document, Mapping) else None
    table = next(iter(found), None) if isinstance(found, list) else found
    if not isinstance(table, Mapping) or not isinstance(table.get("headers"), list):
        return None
    return [dict(zip(table["headers"], row, strict=False)) for row in table.get("rowSet") or ()]


@contextmanager
def _text(path: Path) -> Iterator[IO[str]]:
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    try:
        with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
            yield stream
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(path.name, f"a file of text in UTF-8: {error}; save it as CSV UTF-8") from error


def _beginning(path: Path) -> bytes:
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    try:
        with opener(path, "rb") as stream:
            return bytes(stream.read(16))
    except (OSError, EOFError) as error:
        raise InvalidInput(path.name, f"a readable file: {error}") from error


def _document(path: Path) -> object:
    with _text(path) as stream:
        try:
            return read_json(stream.read())
        except (ValueError, RecursionError) as error:
            raise InvalidInput(path.name, f"JSON: {error}") from error
