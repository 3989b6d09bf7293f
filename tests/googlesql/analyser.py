"""Analyses statements as BigQuery would, against the tables of the schema files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as rpc
from zetasql.wasi._pb2.zetasql.proto import options_pb2, simple_catalog_pb2
from zetasql.wasi._pb2.zetasql.public import function_pb2
from zetasql.wasi._pb2.zetasql.public import options_pb2 as public

from googlesql.client import Refused, call
from googlesql.scripts import Block, Declare, For, If, Node, Raise, Set, Statement, parse, standing_in
from googlesql.types import Type, column, scalar, struct
from googlesql.upstream_raw import DATASET, raw_tables
from regen.schemas import staging_fields, tables
from regen.sql import Names

__all__ = ["Analyser", "Refused", "language", "make_table", "options"]

STAGING = "s_1"


def language() -> Any:
    """GoogleSQL as BigQuery speaks it: every feature, the external product's names."""
    found = call(
        "GetLanguageOptions", rpc.LanguageOptionsRequest(maximum_features=True), options_pb2.LanguageOptionsProto
    )
    found.product_mode = public.PRODUCT_EXTERNAL
    # BigQuery has it; GoogleSQL counts it among what is being developed.
    found.enabled_language_features.append(public.FEATURE_ALTER_COLUMN_SET_DATA_TYPE)
    del found.supported_statement_kinds[:]  # none named: all
    return found


def options(spoken: Any, parameters: Mapping[str, Type]) -> Any:
    """What a call says of itself: the language, named parameters and their types."""
    made = options_pb2.AnalyzerOptionsProto(default_timezone="UTC")
    made.language_options.CopyFrom(spoken)
    made.error_message_mode = public.ERROR_MESSAGE_MULTI_LINE_WITH_CARET
    for name, kind in parameters.items():
        made.query_parameters.add(name=name, type=kind)
    return made


def make_table(catalog: Any, name: str, columns: Mapping[str, Type]) -> Any:
    """Put a table into a catalogue."""
    made = catalog.table.add(name=name, serialization_id=len(catalog.table) + 1)
    for column_name, kind in columns.items():
        made.column.add(name=column_name, type=kind, is_writable_column=True)
    return made


class Analyser:
    """One catalogue: the schema files' tables, a staging table, and the views that are added."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._language = language()
        self._catalog = simple_catalog_pb2.SimpleCatalogProto(name="bigquery")
        self._catalog.builtin_function_options.language_options.CopyFrom(self._language)
        for table in tables():
            make_table(self._catalog, names.table(table.name), {f.name: column(f) for f in table.fields})
        make_table(self._catalog, names.staging(STAGING), {f.name: column(f) for f in staging_fields()})
        for name, fields in raw_tables().items():
            make_table(self._catalog, f"{names.project}.{DATASET}.{name}", {f.name: column(f) for f in fields})
        for known in tables():
            staged = names.staging(f"import_{STAGING}_{known.name}")
            make_table(self._catalog, staged, {f.name: column(f) for f in known.fields})
        self._id = self._register()

    def add_view(self, name: str, query: str) -> None:
        """A view, with the columns that its own query turns out to have."""
        make_table(self._catalog, name, self._columns(query, {}))
        self._id = self._register()

    def add_function(self, name: str, arguments: Mapping[str, Type], query: str) -> None:
        """A table function, with the columns that its query turns out to have."""
        made = self._catalog.custom_tvf.add(type=function_pb2.FunctionEnums.FIXED_OUTPUT_SCHEMA_TVF)
        made.name_path.append(name)
        for kind in arguments.values():
            argument = made.signature.argument.add(kind=function_pb2.ARG_TYPE_FIXED, num_occurrences=1)
            argument.type.CopyFrom(kind)
        made.signature.return_type.kind = function_pb2.ARG_TYPE_RELATION
        given = made.signature.return_type.options.relation_input_schema
        for column_name, kind in self._columns(query, arguments).items():
            given.column.add(name=column_name, type=kind)
        self._id = self._register()

    def analyse(self, sql: str, parameters: Mapping[str, Type], *, expression: bool = False) -> Any:
        """The resolved statement, or the resolved expression.

        Raises:
            Refused: GoogleSQL does not accept it.
        """
        request = rpc.AnalyzeRequest(registered_catalog_id=self._id)
        request.options.CopyFrom(options(self._language, parameters))
        row_count = request.options.system_variables.add()
        row_count.name_path.append("row_count")
        row_count.type.CopyFrom(scalar("INT64"))
        if expression:
            request.sql_expression = sql
            return call("Analyze", request, rpc.AnalyzeResponse).resolved_expression
        request.sql_statement = sql
        return call("Analyze", request, rpc.AnalyzeResponse).resolved_statement

    def script(self, text: str, parameters: Mapping[str, Type]) -> list[Any]:
        """Every resolved statement and expression of a script.

        Raises:
            Refused: GoogleSQL does not accept one of them.
        """
        return list(self._nodes(parse(text), dict(parameters), []))

    def _nodes(self, nodes: tuple[Node, ...], known: dict[str, Type], declared: list[str]) -> Iterator[Any]:
        for node in nodes:
            if isinstance(node, Declare):
                kind = next(iter(self._columns(f"SELECT CAST(NULL AS {node.kind}) AS x", {}).values()))
                known.update(dict.fromkeys(node.names, kind))
                declared += node.names
                if node.default:
                    yield self._assigned(node.names[0], node.default, known, declared)
            elif isinstance(node, Set):
                yield self._assigned(node.name, node.value, known, declared)
            elif isinstance(node, Raise):
                if node.message:
                    yield self.analyse(standing_in(node.message, declared), known, expression=True)
            elif isinstance(node, If):
                for asked, body in node.branches:
                    yield self.analyse(f"SELECT IF({standing_in(asked, declared)}, 1, 0)", known)
                    yield from self._nodes(body, known, declared)
            elif isinstance(node, For):
                columns = self._columns(node.query, {name: known[name] for name in declared})
                yield self.analyse(standing_in(node.query, declared), known)
                inside = {**known, node.name: struct(columns)}
                yield from self._nodes(node.body, inside, [*declared, node.name])
            elif isinstance(node, Block):
                yield from self._nodes((*node.body, *(node.handler or ())), known, declared)
            elif isinstance(node, Statement):
                yield self.analyse(standing_in(node.text, declared), known)

    def _assigned(self, name: str, value: str, known: Mapping[str, Type], declared: list[str]) -> Any:
        return self.analyse(f"SELECT IF(TRUE, {standing_in(value, declared)}, @{name})", known)

    def _columns(self, query: str, parameters: Mapping[str, Type]) -> dict[str, Type]:
        found = self.analyse(standing_in(query, list(parameters)), parameters).resolved_query_stmt_node
        return {c.name: c.column.type for c in found.output_column_list}

    def _register(self) -> int:
        request = rpc.RegisterCatalogRequest()
        request.simple_catalog.CopyFrom(self._catalog)
        return int(call("RegisterCatalog", request, rpc.RegisterResponse).registered_id)
