"""Evaluates queries, and keeps in the service what the next query can use.

The service makes all of GoogleSQL's functions for each catalogue, which takes longer than most queries. So a catalogue is
registered with its rows, and serves until a table that is asked has changed; a query that asks no table is analysed once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from google.protobuf.empty_pb2 import Empty
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as rpc
from zetasql.wasi._pb2.zetasql.public import type_pb2

from googlesql.analyser import language, options
from googlesql.client import call
from googlesql.types import Type

Filled = tuple[Any, Any]
"""A table's rows and columns, each the very object that was registered; None where there is no such table."""
Fill = Callable[[Any, Collection[str]], Mapping[str, Filled]]
_ONE = threading.RLock()
"""The ledger asks from several threads: none takes a catalogue away while another asks it."""


@dataclass
class _Registered:
    """The one catalogue with rows that the service has: of the engine that asked last."""

    id: int | None = None
    tables: dict[str, Filled] = field(default_factory=dict)


_LAST = _Registered()


def evaluated(sql: str, given: Mapping[str, tuple[Type, Any]]) -> Any:
    """What a query answers that asks no table.

    Args:
        given: the parameters' types and values.
    """
    with _ONE:
        kinds = tuple((name, kind.SerializeToString()) for name, (kind, _) in given.items())
        prepared = _prepared(sql, kinds)
        request = rpc.EvaluateQueryRequest(prepared_query_id=prepared.prepared_query_id)
        _put(request, given)
        answer = call("EvaluateQuery", request, rpc.EvaluateQueryResponse)
        answer.prepared.CopyFrom(prepared)
        return answer


def evaluated_over(
    sql: str,
    given: Mapping[str, tuple[Type, Any]],
    asked: Mapping[str, Filled],
    fill: Fill,
) -> Any:
    """What a query answers that asks tables.

    Args:
        asked: the tables that it names, as they are now.
        fill: puts tables, those of these names among them, into a request; returns what it has put.
    """
    with _ONE:
        if not all(_is_registered(name, filled) for name, filled in asked.items()):
            _register(fill, asked)
        request = rpc.EvaluateQueryRequest(sql=sql, registered_catalog_id=_LAST.id)
        request.options.CopyFrom(options(_language(), {name: kind for name, (kind, _) in given.items()}))
        _put(request, given)
        return call("EvaluateQuery", request, rpc.EvaluateQueryResponse)


def registered() -> Collection[str]:
    """The tables that the service knows; an engine may have dropped some since."""
    return tuple(_LAST.tables)


def _is_registered(name: str, filled: Filled) -> bool:
    known = _LAST.tables.get(name, (None, None))
    return known[0] is filled[0] and known[1] is filled[1]


def _register(fill: Fill, asked: Collection[str]) -> None:
    request = _catalogue()
    tables = fill(request, asked)
    if _LAST.id is not None:
        call("UnregisterCatalog", rpc.UnregisterRequest(registered_id=_LAST.id), Empty)
        _LAST.id, _LAST.tables = None, {}
    _LAST.id = call("RegisterCatalog", request, rpc.RegisterResponse).registered_id
    _LAST.tables = dict(tables)


def _catalogue() -> Any:
    request = rpc.RegisterCatalogRequest()
    request.simple_catalog.name = "bigquery"
    request.simple_catalog.builtin_function_options.language_options.CopyFrom(_language())
    return request


@cache
def _language() -> Any:
    return language()


@cache
def _without_tables() -> int:
    return int(call("RegisterCatalog", _catalogue(), rpc.RegisterResponse).registered_id)


@cache
def _prepared(sql: str, kinds: tuple[tuple[str, bytes], ...]) -> Any:
    request = rpc.PrepareQueryRequest(sql=sql, registered_catalog_id=_without_tables())
    types = {name: type_pb2.TypeProto.FromString(kind) for name, kind in kinds}
    request.options.CopyFrom(options(_language(), types))
    return call("PrepareQuery", request, rpc.PrepareQueryResponse).prepared


def _put(request: Any, given: Mapping[str, tuple[Type, Any]]) -> None:
    for name, (_, value) in given.items():
        request.params.add(name=name, value=value)
