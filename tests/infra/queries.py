"""Which fields the services' queries ask for, read from their sources."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from regen.services.state import paths

SERVICES = Path(__file__).parents[2] / "src" / "regen" / "services"
COLLECTIONS = {
    "ALERTS": paths.ALERTS,
    "BATCHES": paths.BATCHES,
    "BACKFILLS": paths.BACKFILLS,
    "CONTROLS": paths.CONTROLS,
    "DATES": paths.DATES,
    "HEARTBEATS": paths.HEARTBEATS,
    "LEASES": paths.LEASES,
    "NEWS": paths.NEWS,
    "OUTBOX": paths.OUTBOX,
    "OUTBOX_DEAD": paths.OUTBOX_DEAD,
    "excluded_path": "excluded",
    "requests_path": "requests",
}
RANGES = {"<", "<=", ">", ">="}


@dataclass(frozen=True)
class Query:
    """One `find`: its collection, and the fields of its conditions and order."""

    where: str
    collection: str
    equal: frozenset[str]
    ranged: frozenset[str]

    @property
    def fields(self) -> frozenset[str]:
        return self.equal | self.ranged

    @property
    def needs_composite(self) -> bool:
        """Equalities alone are merged from single-field indexes; a range or an order beside another field is not."""
        return bool(self.ranged) and len(self.fields) > 1


def queries(folder: Path = SERVICES) -> list[Query]:
    """Every query of the services.

    A list of conditions that is made before the call is looked for in the function around it: all that it may hold.
    """
    known = {path.name: _functions(path) for path in sorted(folder.rglob("*.py"))}
    anywhere = {function.name: function for functions in known.values() for function in functions}
    found: list[Query] = []
    for name, functions in known.items():
        for function in functions:
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "find":
                    for collection in _collections(node.args[0], function, anywhere.values()):
                        where = f"{name}:{node.lineno}"
                        found += _of_call(where, collection, node, _maker(node, function, anywhere))
    return found


def _collections(named: ast.expr, around: ast.FunctionDef, everywhere: Iterable[ast.FunctionDef]) -> list[str]:
    """The collections that a query may be of: one, or those that callers give for a parameter."""
    parameters = [argument.arg for argument in around.args.args]
    if not isinstance(named, ast.Name) or named.id not in parameters:
        return [_collection(around.name, named)]
    place = parameters.index(named.id)
    return [
        _collection(function.name, call.args[place])
        for function in everywhere
        for call in ast.walk(function)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == around.name
    ]


def _functions(path: Path) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]


def _maker(call: ast.Call, around: ast.FunctionDef, anywhere: Mapping[str, ast.FunctionDef]) -> ast.FunctionDef:
    """The function that makes the call's conditions: one that is called for them, or the one around."""
    given = call.args[1] if len(call.args) > 1 else None
    if isinstance(given, ast.Call) and isinstance(given.func, ast.Name):
        return anywhere[given.func.id]
    return around


def _of_call(where: str, collection: str, call: ast.Call, function: ast.FunctionDef) -> Iterator[Query]:
    order = {str(k.value.value) for k in call.keywords if k.arg == "order_by" and isinstance(k.value, ast.Constant)}
    for conditions in _alternatives(call, function):
        equal = frozenset(name for name, operator in conditions if operator not in RANGES)
        ranged = frozenset(name for name, operator in conditions if operator in RANGES)
        yield Query(where, collection, equal, ranged | order)


def _alternatives(call: ast.Call, function: ast.FunctionDef) -> list[set[tuple[str, str]]]:
    """The sets of conditions that the call may be made with."""
    if len(call.args) < 2:
        return [set()]
    if isinstance(call.args[1], ast.List):
        return [set(_conditions(call.args[1]))]
    # Made beforehand: every list of the function that makes them.
    lists = [set(_conditions(part)) for part in ast.walk(function) if isinstance(part, ast.List)]
    listed = set().union(*lists)
    appended = set(_conditions(function)) - listed
    found = [conditions for conditions in (*lists, appended) if conditions]
    assert found, f"the conditions of a query are not found in {function.name}"
    return found


def _conditions(node: ast.AST) -> Iterator[tuple[str, str]]:
    for part in ast.walk(node):
        if isinstance(part, ast.Tuple) and len(part.elts) == 3:
            name, operator, _ = part.elts
            if isinstance(name, ast.Constant) and isinstance(operator, ast.Constant) and isinstance(name.value, str):
                yield name.value, str(operator.value)


def _collection(where: str, node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    name = node.func if isinstance(node, ast.Call) else node
    assert isinstance(name, ast.Name), where
    return COLLECTIONS[name.id]
