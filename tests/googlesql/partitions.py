"""Whether each scan of a partitioned table is bounded by a constant, judged on GoogleSQL's resolved tree (I-39).

A scan is bounded if what must be true of each of its rows for the row to count compares the partition's column with a
literal or a parameter. What a JOIN implies from the other side is no bound: BigQuery prunes by constants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zetasql.wasi._pb2.zetasql.resolved_ast import resolved_ast_enums_pb2 as enums

from regen.schemas import tables
from regen.sql import bounds
from regen.sql.views import views

_COMPARISONS = frozenset(
    {"$equal", "$less", "$less_or_equal", "$greater", "$greater_or_equal", "$between", "$in", "$in_array"}
)
#: Views, and the column by which their readers bound them.
_VIEWS = {view.name: ("game_date",) for view in views() if view.name != "batches"}
_JOIN = enums.ResolvedJoinScanEnums
_MATCH = enums.ResolvedMergeWhenEnums

Conjuncts = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Scan:
    """One reading of a table.

    Attributes:
        table: its full name.
        columns: the columns that are read, and the numbers by which the tree knows them.
        known: what must be true of each row for the row to count.
        target: whether it is the table that a statement changes.
    """

    table: str
    columns: Mapping[str, int]
    known: Conjuncts
    target: bool = False

    @property
    def name(self) -> str:
        """The table's own name."""
        return self.table.rpartition(".")[2]


def bounded_columns(name: str) -> tuple[str, ...]:
    """The columns that a statement on this table or view bounds."""
    own = name.rpartition(".")[2]
    if own in _VIEWS:
        return _VIEWS[own]
    return bounds.bounded_columns(own) if own in {t.name for t in tables()} else ()


def unbounded(statement: Any) -> list[str]:
    """The scans of a resolved statement that nothing bounds: table and column."""
    found = [
        f"{scan.name}.{column}"
        for scan in scans(statement)
        for column in bounded_columns(scan.table)
        if column not in scan.columns or not any(_bounds(part, scan.columns[column]) for part in scan.known)
    ]
    return list(dict.fromkeys(found)) if node_of(statement).DESCRIPTOR.name == "ResolvedMergeStmtProto" else found


def scans(statement: Any) -> list[Scan]:
    """Every scan of a resolved statement, with its own filters."""
    return list(_judged(node_of(statement), ()))


def _judged(node: Any, known: Conjuncts) -> Iterator[Scan]:
    kind = node.DESCRIPTOR.name
    judge = _JUDGES.get(kind)
    if judge is not None:
        yield from judge(node, known)
    else:
        yield from _parts(node)


def _parts(node: Any, but: frozenset[str] = frozenset()) -> Iterator[Scan]:
    """Whatever else stands in a node: expressions with subqueries of their own, inputs of which nothing is known."""
    for field, value in node.ListFields():
        if field.type == field.TYPE_MESSAGE and field.name not in but:
            for part in value if field.is_repeated else (value,):
                yield from _judged(node_of(part), ())


def _table(node: Any, known: Conjuncts, *, target: bool = False) -> Iterator[Scan]:
    ids = {column.name.lower(): column.column_id for column in node.parent.column_list}
    yield Scan(node.table.full_name or node.table.name, ids, tuple(known), target)


def _filter(node: Any, known: Conjuncts) -> Iterator[Scan]:
    yield from _parts(node, frozenset({"parent", "input_scan"}))
    yield from _judged(node_of(node.input_scan), (*known, *_conjuncts(node.filter_expr)))


def _through(node: Any, known: Conjuncts) -> Iterator[Scan]:
    yield from _parts(node, frozenset({"parent", "input_scan"}))
    yield from _judged(node_of(node.input_scan), known)


def _join(node: Any, known: Conjuncts) -> Iterator[Scan]:
    yield from _parts(node, frozenset({"parent", "left_scan", "right_scan"}))
    on = _conjuncts(node.join_expr) if node.HasField("join_expr") else ()
    left = {_JOIN.INNER: (*known, *on), _JOIN.LEFT: known, _JOIN.RIGHT: on}.get(node.join_type, ())
    right = {_JOIN.INNER: (*known, *on), _JOIN.LEFT: on, _JOIN.RIGHT: known}.get(node.join_type, ())
    yield from _judged(node_of(node.left_scan), left)
    yield from _judged(node_of(node.right_scan), right)


def _array(node: Any, known: Conjuncts) -> Iterator[Scan]:
    yield from _parts(node, frozenset({"parent", "input_scan"}))
    on = _conjuncts(node.join_expr) if node.HasField("join_expr") and not node.is_outer else ()
    if node.HasField("input_scan"):
        yield from _judged(node_of(node.input_scan), (*known, *on))


def _change(node: Any, _: Conjuncts) -> Iterator[Scan]:
    """UPDATE and DELETE: the condition holds of the target and of what it is joined with."""
    yield from _parts(node, frozenset({"table_scan", "from_scan"}))
    where = _conjuncts(node.where_expr)
    yield from _table(node.table_scan, where, target=True)
    if "from_scan" in node.DESCRIPTOR.fields_by_name and node.HasField("from_scan"):
        yield from _judged(node_of(node.from_scan), where)


def _insert(node: Any, _: Conjuncts) -> Iterator[Scan]:
    yield from _parts(node, frozenset({"table_scan"}))


def _merge(node: Any, _: Conjuncts) -> Iterator[Scan]:
    """The condition bounds a target; rows that no source matches are bounded by their own clauses."""
    yield from _parts(node, frozenset({"table_scan"}))
    yield from _table(node.table_scan, _conjuncts(node.merge_expr), target=True)
    for clause in node.when_clause_list:
        if clause.match_type == _MATCH.NOT_MATCHED_BY_SOURCE:
            yield from _table(node.table_scan, _conjuncts(clause.match_expr), target=True)


_JUDGES = {
    "ResolvedTableScanProto": _table,
    "ResolvedFilterScanProto": _filter,
    "ResolvedProjectScanProto": _through,
    "ResolvedOrderByScanProto": _through,
    "ResolvedJoinScanProto": _join,
    "ResolvedArrayScanProto": _array,
    "ResolvedUpdateStmtProto": _change,
    "ResolvedDeleteStmtProto": _change,
    "ResolvedInsertStmtProto": _insert,
    "ResolvedMergeStmtProto": _merge,
}


def node_of(wrapped: Any) -> Any:
    """The node itself: the tree wraps each into messages that say which kind it is."""
    while wrapped.DESCRIPTOR.name.startswith("Any"):
        fields = wrapped.ListFields()
        if not fields:
            break
        wrapped = fields[0][1]
    return wrapped


def call_of(expression: Any) -> tuple[str, list[Any]]:
    """A function's name and its arguments; no name for what is no call."""
    node = node_of(expression)
    if node.DESCRIPTOR.name != "ResolvedFunctionCallProto":
        return "", []
    return node.parent.function.name.removeprefix("ZetaSQL:"), [node_of(a) for a in node.parent.argument_list]


def _conjuncts(expression: Any) -> tuple[Any, ...]:
    name, arguments = call_of(expression)
    if name == "$and":
        return tuple(part for argument in arguments for part in _conjuncts(argument))
    node = node_of(expression)
    return (node,) if node.ListFields() else ()


def _bounds(expression: Any, column_id: int) -> bool:
    name, arguments = call_of(expression)
    if name == "$and":
        return any(_bounds(argument, column_id) for argument in arguments)
    if name == "$or":
        return all(_bounds(argument, column_id) for argument in arguments)
    if name not in _COMPARISONS:
        return False
    columns = [i for i, argument in enumerate(arguments) if _is_column(argument, column_id)]
    sides = (0,) if name in {"$between", "$in", "$in_array"} else (0, 1)
    return any(i in sides and all(_is_constant(other) for j, other in enumerate(arguments) if j != i) for i in columns)


def prunes(scan: Scan, columns: Sequence[str]) -> bool:
    """Whether some filter of a scan compares nothing but these columns with constants, or with NULL."""
    ids = [scan.columns[name] for name in columns if name in scan.columns]
    return any(_prunes(part, ids) for part in scan.known)


def _prunes(expression: Any, ids: Sequence[int]) -> bool:
    name, arguments = call_of(expression)
    if name == "$and":
        return any(_prunes(argument, ids) for argument in arguments)
    if name == "$or":
        return all(_prunes(argument, ids) for argument in arguments)
    if name == "$is_null":
        return any(_is_column(arguments[0], i) for i in ids)
    return any(_bounds(expression, i) for i in ids)


def _is_column(node: Any, column_id: int) -> bool:
    return bool(node.DESCRIPTOR.name == "ResolvedColumnRefProto" and node.column.column_id == column_id)


def _is_constant(node: Any) -> bool:
    node = node_of(node)
    if node.DESCRIPTOR.name in {"ResolvedColumnRefProto", "ResolvedSubqueryExprProto"}:
        return False
    return all(
        _is_constant(part)
        for field, value in node.ListFields()
        if field.type == field.TYPE_MESSAGE
        for part in (value if field.is_repeated else (value,))
    )
