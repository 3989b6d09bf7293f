"""How many rows each scan of a statement reads: those that pass what the scan itself asks of a row.

A filter that compares columns of the row with constants is evaluated; everything else, such as what a JOIN implies, lets
each row pass. So the count is what a warehouse reads that prunes by the scan's own filters, never less.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from googlesql.analyser import Analyser
from googlesql.engine import DML, Engine, _Run
from googlesql.partitions import Scan, call_of, node_of, prunes, scans
from googlesql.scripts import standing_in, tokens
from googlesql.values import plain
from regen.schemas import table, tables
from regen.sql import Names

UNKNOWN = object()
OWN = {t.name for t in tables()}
Row = Mapping[str, Any]
_COMPARED: Mapping[str, Callable[[Any, Any], bool]] = {
    "$equal": operator.eq,
    "$not_equal": operator.ne,
    "$less": operator.lt,
    "$less_or_equal": operator.le,
    "$greater": operator.gt,
    "$greater_or_equal": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Read:
    """What one scan has read.

    Attributes:
        statement: its place among the statements of the script, from 0.
        rows: how many rows passed the scan's own filters.
        pruned: whether a filter of its own lets the warehouse leave out blocks, by how the table is clustered.
    """

    script: str
    statement: int
    table: str
    rows: int
    pruned: bool


class WatchedEngine(Engine):
    """Counts what each statement reads, against the tables as they are when it runs."""

    def __init__(self, names: Names, views: Mapping[str, str] = {}) -> None:
        super().__init__(names)
        self.reads: list[Read] = []
        self.watching = ""
        self._analyser = Analyser(names)
        self._changing = False
        self._number = 0
        for name, query in views.items():
            self.view(name, query)

    def script(self, text: str, parameters: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], int]:
        self._number = 0
        return super().script(text, parameters)

    def _change(self, text: str, run: _Run) -> int:
        self._watch(text, run)
        self._changing = True
        try:
            return super()._change(text, run)
        finally:
            self._changing = False

    def _query(self, text: str, run: _Run) -> Any:
        if self.watching and not self._changing and tokens(text)[0].word not in DML:
            self._watch(text, run)
        return super()._query(text, run)

    def _watch(self, text: str, run: _Run) -> None:
        if not self.watching:
            return
        sql = self._written(standing_in(text, run.declared), run)
        known = {name: plain(run.values[name], kind) for name, kind in run.types.items() if name in run.values}
        for scan in scans(self._analyser.analyse(sql, run.types)):
            if scan.name not in OWN:
                continue
            rows = self.rows(scan.table)
            found = sum(passes(scan, row, known) for row in rows)
            pruned = prunes(scan, _sorted_by(scan.name))
            self.reads.append(Read(self.watching, self._number, scan.name, found, pruned))
        self._number += 1


def _sorted_by(name: str) -> tuple[str, ...]:
    """The columns that order a table within a date: how it is clustered, and its partition if that is a moment."""
    partition = table(name).partition
    moment = (partition.field,) if partition is not None and partition.field != "game_date" else ()
    return (*table(name).cluster, *moment)


def passes(scan: Scan, row: Row, parameters: Mapping[str, Any]) -> bool:
    """Whether a scan's own filters let a row through; what they cannot say lets it through."""
    names = {number: name for name, number in scan.columns.items()}
    found = (_evaluated(part, row, names, parameters) for part in scan.known)
    return all(one is UNKNOWN or one is True for one in found)


def _evaluated(expression: Any, row: Row, names: Mapping[int, str], parameters: Mapping[str, Any]) -> Any:
    node = node_of(expression)
    kind = node.DESCRIPTOR.name
    if kind == "ResolvedColumnRefProto":
        name = names.get(node.column.column_id)
        return row.get(name) if name is not None else UNKNOWN
    if kind == "ResolvedLiteralProto":
        return plain(node.value.value, node.value.type)
    if kind == "ResolvedParameterProto":
        return parameters.get(node.name, UNKNOWN)
    function, arguments = call_of(node)
    if not function:
        return UNKNOWN
    return _called(function, [_evaluated(a, row, names, parameters) for a in arguments])


def _called(function: str, values: list[Any]) -> Any:  # noqa: PLR0911 - one for each kind
    """Three-valued logic, with a fourth value for what is not known here."""
    if function == "$and":
        return _joined(values, decisive=False)
    if function == "$or":
        return _joined(values, decisive=True)
    if function in {"ifnull", "coalesce"}:
        return next((v for v in values if v is not None), None)
    if any(v is UNKNOWN for v in values):
        return UNKNOWN
    if function == "$is_null":
        return values[0] is None
    if function not in {"$not", "$between", "$in", "$in_array", *_COMPARED}:
        return UNKNOWN
    if function == "$in_array":
        values = [values[0], *values[1]]
    if values[0] is None or any(v is None for v in values[1:]):
        return None
    if function == "$not":
        return not values[0]
    if function == "$between":
        return values[1] <= values[0] <= values[2]
    if function in {"$in", "$in_array"}:
        return values[0] in values[1:]
    return _COMPARED[function](*values)


def _joined(values: Sequence[Any], *, decisive: bool) -> Any:
    if any(v is decisive for v in values):
        return decisive
    if any(v is UNKNOWN for v in values):
        return UNKNOWN
    return None if any(v is None for v in values) else not decisive
