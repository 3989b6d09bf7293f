"""Which calls of Google's clients each function makes, read from the sources: its services, the ports, the adapters.

A call is named `firestore: get`, `bigquery: query`. Whatever an adapter asks of a client is either listed here as a
call over the network or as one that stays in the process; anything else is an error, so that no call is forgotten.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from infra.writing import PORT_CALL, SOURCES, _services
from regen.local.imports import imported_modules

ADAPTERS = SOURCES / "adapters"
#: The module of the class behind each port.
PORTS = {
    "store": [ADAPTERS / "firestore.py"],
    "queue": [ADAPTERS / "pubsub.py"],
    "warehouse": sorted((ADAPTERS / "bigquery").glob("*.py")),
    "books": sorted((ADAPTERS / "bigquery").glob("*.py")),
    "archive": [ADAPTERS / "bucket.py"],
    "models": [ADAPTERS / "bucket.py"],
}
LIBRARY = {"firestore.py": "firestore", "pubsub.py": "pubsub", "bucket.py": "storage"}
#: What is made in the process: references, buffers, options.
LOCAL = {
    "firestore": {
        *("batch", "collection", "create", "delete", "document", "limit", "order_by", "select", "set", "start_after"),
        *("update", "where", "write_option"),
    },
    "pubsub": set[str](),
    "bigquery": set[str](),
    "storage": {"mount"},
}
#: Reached over the network, by the object that has the method.
NETWORK = {
    "firestore": {"get", "get_all", "commit", "stream"},
    "pubsub": {"publish"},
    "storage": {"get", "post"},
    "bigquery": {
        "create_table",
        "delete_table",
        "get_dataset",
        "get_job",
        "get_routine",
        "get_table",
        "list_tables",
        "load_table_from_file",
        "query",
        "result",
    },
}
#: What a method of `Queries` asks of BigQuery, in the words of the client's methods.
QUERIES = {"rows": ("query", "result"), "columns_of": ("get_table",), "staging_tables": ("list_tables",)}
#: Not of a function: what the local stack and the import use. The people's part is in `PEOPLE`.
NOT_DEPLOYED = {"tables.py", "loading.py"}
#: Where the command line calls Google by itself.
PEOPLE = (SOURCES / "client", SOURCES / "cli")


def client_calls(path: Path, within: ast.AST) -> Iterator[str]:
    """Each call of a client's method in a part of a module.

    Raises:
        AssertionError: neither table says whether the method leaves the process.
    """
    library = LIBRARY.get(path.name, "bigquery")
    for node in ast.walk(within):
        # A method that is handed on is called, too: `_got(name, client.get_table)`.
        if isinstance(node, ast.Attribute) and _is_client(node.value) and node.attr in NETWORK[library]:
            yield f"{library}: {node.attr}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_client(node.func.value):
            method = node.func.attr
            known = NETWORK[library] | LOCAL[library]
            assert method in known, f"{path.name}:{node.lineno}: is {method} a call over the network?"


def _is_client(node: ast.expr) -> bool:
    """A client, or what was made of one: `client.document(p).get()`, `batch.commit()`, `query.stream()`, `job.result()`."""
    if isinstance(node, ast.Attribute):
        return node.attr in {"client", "_client"}
    if isinstance(node, ast.Name):
        return node.id in {"batch", "client", "job", "query"}
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_client(node.func.value)


@cache
def _methods(path: Path) -> dict[str, tuple[set[str], set[str]]]:
    """Of each function of a module: its calls of clients, and the names of other functions that it calls."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    tree: ast.Module = ast.parse(path.read_text())
    # A function inside another is a part of it: two that share a name are not mixed up.
    scopes: list[ast.Module | ast.ClassDef] = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    for function in (node for scope in scopes for node in scope.body if isinstance(node, ast.FunctionDef)):
        own, others = found.setdefault(function.name, (set(), set()))
        own.update(client_calls(path, function))
        for node in ast.walk(function):
            if isinstance(node, ast.Call):
                if isinstance(node.func, ast.Attribute):
                    others.add(node.func.attr)
                if isinstance(node.func, ast.Name):
                    others.add(node.func.id)
                # A method that is handed on is called, too: `pool.submit(self._rows, ...)`.
                others |= {a.attr for a in node.args if isinstance(a, ast.Attribute)}
    return found


def calls_of(function: str) -> set[str]:
    """Every call that a function's routes may make."""
    found: set[str] = set()
    wired = _wired(function)
    for service in _services(SOURCES / "web" / f"{function}.py"):
        for port, method in PORT_CALL.findall(service.read_text()):
            if port in wired:
                found |= _reached(port, method)
    return found


def _wired(function: str) -> set[str]:
    """The ports that a function's entry point asks for."""
    text = (SOURCES.parents[1] / "functions" / function / "main.py").read_text()
    wired = {"store", "queue"} if "with_queue=False" not in text else {"store"}
    wired |= {"archive"} if "with_archive=True" in text else set()
    wired |= {"models"} if "with_models=True" in text else set()
    return wired | ({"warehouse", "books"} if "with_warehouse=True" in text else set())


def _reached(port: str, method: str) -> set[str]:
    modules = [_methods(path) for path in PORTS[port] if path.name not in NOT_DEPLOYED]
    seen: set[str] = set()
    todo, found = [method], set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        for module in modules:
            if name in module:
                own, others = module[name]
                found |= own
                todo += others
    return found


def _hosts(method: str) -> set[str]:
    """The interfaces that a method of `Platform` reaches by itself, or unless it is given another."""
    tree = ast.parse((SOURCES / "client" / "platform.py").read_text())
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == method)
    found: set[str] = set()
    for function in functions:
        arguments = function.args.args
        given = zip(arguments[len(arguments) - len(function.args.defaults) :], function.args.defaults, strict=True)
        usual = {argument.arg: default.value for argument, default in given if isinstance(default, ast.Constant)}
        for node in ast.walk(function):
            if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "self.hosts":
                if isinstance(node.slice, ast.Constant):
                    found.add(str(node.slice.value))
                elif isinstance(node.slice, ast.Name) and node.slice.id in usual:
                    found.add(str(usual[node.slice.id]))
    return found


def _storage(method: str) -> set[str]:
    """The requests that a method of the archive makes."""
    return {call.partition(": ")[2] for call in _reached("archive", method)}


def _asked(text: str) -> set[str]:
    """The calls to BigQuery of a module that is no adapter: by the client, or without it."""
    words = {m for m in re.findall(r"\bclient\.(\w+)", text) if m in NETWORK["bigquery"]}
    return {f"bigquery: {m}" for m in words.union(*(QUERIES.get(m, ()) for m in re.findall(r"\bqueries\.(\w+)", text)))}


def calls_of_people() -> set[str]:
    """Every call that the command line makes by itself, with the rights of who types."""
    found: set[str] = set()
    for path in (p for folder in PEOPLE for p in folder.rglob("*.py")):
        text = path.read_text()
        found |= _asked(text)
        found |= {f"rest: {host}" for host in re.findall(r'\bplatform\.get\(\s*"(\w+)"', text)}
        found |= {f"rest: {host}" for name in re.findall(r"\bplatform\.(\w+)\(", text) for host in _hosts(name)}
        if "archive_at(" in text:
            found |= {f"storage: {c}" for method in ("names", "read") for c in _storage(method)}
        if "store.keep(" in text:
            found |= {f"storage: {c}" for c in _storage("keep")}
    return found


def calls_of_console() -> set[str]:
    """Every call to Google that the modules of the console's package make by themselves; the coordinator is no part of Google."""
    own = {SOURCES / "console_host" / "wiring.py"}
    packaged = own | imported_modules(SOURCES, own).keys()
    reading = [p for p in packaged if p.is_relative_to(SOURCES / "client") or p.is_relative_to(SOURCES / "console")]
    texts = {path: path.read_text() for path in reading}
    found = _asked("".join(texts.values()))
    if not any(".staging_tables" in text for path, text in texts.items() if path.name != "reader.py"):
        found.discard("bigquery: list_tables")  # the reader can, and no page asks for it
    return found
