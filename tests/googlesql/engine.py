"""A BigQuery in memory: scripts run statement by statement in ZetaSQL's reference evaluator, Google's own semantics.

What it knows beyond GoogleSQL is what our statements lean on: scripts and their variables, transactions that end with an
error, REQUIRED columns, and that a row is updated from one source row at most. Nothing runs beside anything else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from googlesql.analyser import make_table
from googlesql.client import Refused
from googlesql.evaluating import Filled, evaluated, evaluated_over, registered
from googlesql.rewriting import ROW, changes
from googlesql.scripts import Block, Declare, If, Node, Raise, Set, Statement, Transaction, parse, standing_in, tokens
from googlesql.types import Type, column, parameter, scalar
from googlesql.values import plain, sent, value
from regen.schemas import Field, staging_fields, tables
from regen.sql import Names

Stored = Mapping[str, Any]
Data = dict[str, tuple[Stored, ...]]
SMALL = 100
"""Tables of so many rows at most come along with those that a query asks."""
DML = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE"})


class ScriptFailed(Exception):
    """A statement has failed, or the script has raised an error."""


@dataclass
class _Run:
    """One script while it runs."""

    types: dict[str, Type]
    values: dict[str, Any]
    declared: list[str] = field(default_factory=list)
    affected: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    before: Data | None = None
    error: str = ""


class Engine:
    """The tables of the schema files, empty; staging tables as they are made."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._columns: dict[str, dict[str, Type]] = {}
        self._required: dict[str, frozenset[str]] = {}
        self._views: dict[str, str] = {}
        self.data: Data = {}
        self._asked: set[str] = set()
        self._sent: dict[str, tuple[tuple[Stored, ...], Mapping[str, Type], bytes]] = {}
        for table in tables():
            self.create(names.table(table.name), table.fields)

    def create(self, name: str, fields: Iterable[Field] = ()) -> None:
        """Make a table; without fields it is a staging table."""
        wanted = tuple(fields) or staging_fields()
        self._columns[name] = {f.name: column(f) for f in wanted}
        self._required[name] = frozenset(f.name for f in wanted if f.mode == "REQUIRED")
        self.data.setdefault(name, ())

    def alter(self, name: str, fields: Iterable[Field]) -> None:
        """Give a table other columns; its rows keep their cells, and are NULL in new columns."""
        self.create(name, fields)
        columns = self._columns[name]
        self.data[name] = tuple(
            {n: row[n] if n in row else value(None, kind) for n, kind in columns.items()} for row in self.data[name]
        )

    def drop(self, name: str) -> None:
        self._columns.pop(name, None)
        self.data.pop(name, None)

    def view(self, name: str, query: str) -> None:
        """Stand in for a view wherever it is named, in later views too."""
        self._views[name] = self._named(query)

    def load(self, name: str, rows: Iterable[Mapping[str, Any]], *, truncate: bool = False) -> None:
        """Put rows into a table, as a load job does."""
        there = () if truncate else self.data[name]
        self.data[name] = (*there, *(self._row(name, row) for row in rows))

    def rows(self, name: str) -> list[dict[str, Any]]:
        """All rows of a table, as the client would answer them."""
        kinds = self._columns[name]
        return [{n: plain(row[n], kind) for n, kind in kinds.items()} for row in self.data[name]]

    def script(self, text: str, parameters: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], int]:
        """Run a script; the rows of its last query, and how many rows its last DML changed.

        Raises:
            ScriptFailed: it has failed; an open transaction is rolled back.
        """
        types = {p["name"]: parameter(p["parameterType"]) for p in parameters}
        given = {p["name"]: value(sent(p["parameterValue"], types[p["name"]]), types[p["name"]]) for p in parameters}
        run = _Run(types, given)
        try:
            self._nodes(parse(text), run)
        except (ScriptFailed, Refused) as error:
            if run.before is not None:
                self.data = run.before
            raise ScriptFailed(str(error)) from None
        return run.rows, run.affected

    def _nodes(self, nodes: Sequence[Node], run: _Run) -> None:
        for node in nodes:
            if isinstance(node, Transaction):
                self._transaction(node.act, run)
            elif isinstance(node, Declare):
                kind, empty = self._one(f"CAST(NULL AS {node.kind})", run)
                for name in node.names:
                    run.types[name], run.values[name] = kind, empty
                run.declared += node.names
                if node.default:
                    run.values[node.names[0]] = self._one(node.default, run)[1]
            elif isinstance(node, Set):
                run.values[node.name] = self._one(node.value, run)[1]
            elif isinstance(node, Raise):
                raise ScriptFailed(plain(*reversed(self._one(node.message, run))) if node.message else run.error)
            elif isinstance(node, If):
                self._branch(node, run)
            elif isinstance(node, Block):
                self._block(node, run)
            elif isinstance(node, Statement):
                self._statement(node.text, run)

    def _transaction(self, act: str, run: _Run) -> None:
        if act == "BEGIN":
            if run.before is not None:
                raise ScriptFailed("Transaction is already open")
            run.before = dict(self.data)
            return
        if run.before is None:
            raise ScriptFailed(f"{act} without a transaction")
        if act == "ROLLBACK":
            self.data = run.before
        run.before = None

    def _branch(self, node: If, run: _Run) -> None:
        for asked, body in node.branches:
            kind, found = self._one(asked, run)
            if plain(found, kind):
                self._nodes(body, run)
                return

    def _block(self, node: Block, run: _Run) -> None:
        try:
            self._nodes(node.body, run)
        except (ScriptFailed, Refused) as error:
            if node.handler is None:
                raise
            run.error = str(error)
            self._nodes(node.handler, run)

    def _statement(self, text: str, run: _Run) -> None:
        if tokens(text)[0].word in DML:
            run.affected = self._change(text, run)
            run.rows = []
        else:
            kinds, rows = self._query(text, run)
            run.rows = [{n: plain(cell, kind) for (n, kind), cell in zip(kinds, row, strict=True)} for row in rows]

    def _change(self, text: str, run: _Run) -> int:
        made: dict[str, list[Stored]] = {}
        updated: dict[int, Stored | None] = {}
        target = ""
        for change in changes(text):
            target = change.target.strip("`")
            there, columns = self.data[target], self._columns[target]
            kinds, rows = self._query(change.query, run)
            for row in rows:
                cells = [plain(cell, kind) for (_, kind), cell in zip(kinds, row, strict=True)]
                if change.act == "insert":
                    made.setdefault(target, []).append(self._row(target, dict(zip(change.columns, cells, strict=True))))
                    continue
                number, *new = cells
                if number in updated:
                    raise ScriptFailed("UPDATE/MERGE must match at most one source row for each target row")
                fresh = {name: value(cell, columns[name]) for name, cell in zip(change.columns, new, strict=True)}
                updated[number] = None if change.act == "delete" else self._checked(target, {**there[number], **fresh})
        kept = tuple(updated.get(i, row) for i, row in enumerate(self.data[target]))
        self.data[target] = (*(row for row in kept if row is not None), *made.get(target, ()))
        return len(updated) + len(made.get(target, ()))

    def _one(self, expression: str, run: _Run) -> tuple[Type, Any]:
        kinds, rows = self._query(f"SELECT {expression} AS x", run)
        return kinds[0][1], rows[0][0]

    def _query(self, text: str, run: _Run) -> tuple[list[tuple[str, Type]], list[list[Any]]]:
        sql = self._written(standing_in(text, run.declared), run)
        used = {token.text[1:] for token in tokens(sql) if token.text.startswith("@")}
        given = {name: (run.types[name], run.values[name]) for name in sorted(used & set(run.types))}
        asked = {name for name in (*self._columns, *registered()) if f"`{name}`" in sql}
        if asked:
            self._asked |= asked
            answer = evaluated_over(
                sql, given, {n: (self.data.get(n), self._columns.get(n)) for n in asked}, self._fill
            )
        else:
            answer = evaluated(sql, given)
        rows = [list(row.cell) for row in answer.content.table_data.row]
        return [(c.name, c.type) for c in answer.prepared.columns], rows

    def _written(self, text: str, run: _Run) -> str:
        return self._named(text, {"@@ROW_COUNT": str(run.affected)})

    def _named(self, text: str, words: Mapping[str, str] = MappingProxyType({})) -> str:
        """The text with these words, and the names of views, replaced."""
        parts, last = [], 0
        for token in tokens(text):
            stand = words.get(token.word)
            if stand is None and token.kind == "name" and (query := self._views.get(token.text.strip("`"))) is not None:
                stand = f"({query}\n)"  # a view may end in a comment
            if stand is not None:
                parts += [text[last : token.start], stand]
                last = token.end
        return "".join([*parts, text[last:]])

    def _fill(self, request: Any, asked: Collection[str]) -> Mapping[str, Filled]:
        """Put the tables that are asked into a request, and small ones that were asked before: they will be again."""
        along = {name for name in self._asked if len(self.data.get(name, ())) <= SMALL}
        found: dict[str, Filled] = {}
        for name in sorted(along | set(asked)):
            if (columns := self._columns.get(name)) is not None:
                self._content(request, name, columns)
                found[name] = self.data[name], columns
        return found

    def _content(self, request: Any, name: str, columns: Mapping[str, Type]) -> None:
        made = make_table(request.simple_catalog, name, columns)
        made.column.add(name=ROW, type=scalar("INT64"), is_pseudo_column=True)
        content = request.table_content[name].table_data
        content.SetInParent()
        content.MergeFromString(self._encoded(name, columns, type(content)))

    def _encoded(self, name: str, columns: Mapping[str, Type], kind: Any) -> bytes:
        """The rows of a table, each with its number. A script asks of the same rows many times: they are encoded once."""
        rows = self.data[name]
        known = self._sent.get(name)
        if known is None or known[0] is not rows or known[1] is not columns:
            content = kind()
            for i, row in enumerate(rows):
                content.row.add(cell=[*(row[n] for n in columns), value(i, scalar("INT64"))])
            known = self._sent[name] = rows, columns, content.SerializeToString()
        return known[2]

    def _row(self, name: str, row: Mapping[str, Any]) -> Stored:
        columns = self._columns[name]
        if unknown := set(row) - set(columns):
            raise ScriptFailed(f"{name} has no column {', '.join(sorted(unknown))}")
        return self._checked(name, {n: value(row.get(n), kind) for n, kind in columns.items()})

    def _checked(self, name: str, row: Stored) -> Stored:
        for required in self._required[name]:
            if row[required].WhichOneof("value") is None:
                raise ScriptFailed(f"Required field {required} cannot be null")
        return row
