"""DML as the queries that say what it changes: the evaluator answers queries, and evaluates no MERGE.

The statement that ships is what is taken apart here; each clause stays as it is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from googlesql.scripts import Token, tokens, top_level

ROW = "_row"
"""The pseudo column that numbers a table's rows."""


@dataclass(frozen=True, slots=True)
class Change:
    """A query of which every row is one change of the target.

    Attributes:
        act: `insert` (the row's columns are the target's), `update` (first the number of the row, then the columns that
            are set) or `delete` (the number of the row).
    """

    act: str
    target: str
    columns: tuple[str, ...]
    query: str


def changes(text: str) -> list[Change]:
    """The queries of an INSERT, UPDATE, DELETE or MERGE; all of them look at the table as it was before."""
    cut = _Cut(text)
    make = {"INSERT": _insert, "UPDATE": _update, "DELETE": _delete, "MERGE": _merge}[cut.word()]
    cut.at += 1
    return list(make(cut))


class _Cut:
    """Reads through a statement's tokens at its top level."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.top = list(top_level(self.tokens))
        self.at = 0

    def word(self, ahead: int = 0) -> str:
        return self.tokens[self.at + ahead].word if self.at + ahead < len(self.tokens) else ""

    def skip(self, *words: str) -> bool:
        found = self.word() in words
        self.at += found
        return found

    def next(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def named(self) -> tuple[str, str]:
        """A table and its alias."""
        name = self.next().text
        if self.skip("AS"):
            return name, self.next().text
        if self.at < len(self.tokens) and self.tokens[self.at].kind == "word" and self.word() not in _KEYWORDS:
            return name, self.next().text
        return name, "target_"

    def until(self, *words: str) -> str:
        """The text up to one of these words at the top level."""
        begin = self.at
        ends = (i for i in self.top if i >= begin and self.tokens[i].word in words)
        self.at = next(ends, len(self.tokens))
        return self.text[self.tokens[begin].start : self.tokens[self.at - 1].end] if self.at > begin else ""

    def bracket(self) -> str:
        """What stands in a bracket that begins here."""
        depth, begin = 0, self.at
        while True:
            word = self.next().word
            depth += (word in {"(", "["}) - (word in {")", "]"})
            if not depth:
                return self.text[self.tokens[begin].end : self.tokens[self.at - 1].start]


_KEYWORDS = frozenset({"SET", "WHERE", "USING", "ON", "FROM", "WHEN"})


def _listed(text: str) -> tuple[str, ...]:
    found = tokens(text)
    commas = [i for i in top_level(found) if found[i].word == ","]
    ends = [*commas, len(found)]
    starts = [0, *(i + 1 for i in commas)]
    return tuple(text[found[a].start : found[b - 1].end] for a, b in zip(starts, ends, strict=True) if b > a)


def _name(column: str) -> str:
    return column.strip("` ").rpartition(".")[2].strip("`")


def _assigned(text: str) -> tuple[tuple[str, ...], str]:
    pairs = [part.partition("=") for part in _listed(text)]
    values = ", ".join(f"({value.strip()}) AS c{i}" for i, (_, _, value) in enumerate(pairs))
    return tuple(_name(name) for name, _, _ in pairs), values


def _insert(cut: _Cut) -> Iterator[Change]:
    cut.skip("INTO")
    target = cut.next().text
    columns = tuple(_name(column) for column in _listed(cut.bracket()))
    if cut.skip("VALUES"):
        rows = []
        while cut.at < len(cut.tokens):
            rows.append(f"SELECT {cut.bracket()}")
            cut.skip(",")
        yield Change("insert", target, columns, " UNION ALL ".join(rows))
    else:
        yield Change("insert", target, columns, cut.until())


def _update(cut: _Cut) -> Iterator[Change]:
    target, alias = cut.named()
    cut.skip("SET")
    columns, values = _assigned(cut.until("FROM", "WHERE"))
    joined = f", {cut.until('WHERE')}" if cut.skip("FROM") else ""
    cut.skip("WHERE")
    query = f"SELECT {alias}.{ROW}, {values} FROM {target} AS {alias}{joined} WHERE {cut.until()}"
    yield Change("update", target, columns, query)


def _delete(cut: _Cut) -> Iterator[Change]:
    cut.skip("FROM")
    target, alias = cut.named()
    cut.skip("WHERE")
    yield Change("delete", target, (), f"SELECT {alias}.{ROW} FROM {target} AS {alias} WHERE {cut.until()}")


def _merge(cut: _Cut) -> Iterator[Change]:
    cut.skip("INTO")
    target, alias = cut.named()
    cut.skip("USING")
    source = cut.until("ON")
    cut.skip("ON")
    on = cut.until("WHEN")
    other = tokens(source)[-1].text
    before: dict[str, list[str]] = {}
    while cut.skip("WHEN"):
        kind = cut.until("AND", "THEN").upper()
        kind = " ".join(kind.split()).removesuffix(" BY TARGET")
        condition = cut.until("THEN") if cut.skip("AND") else "TRUE"
        cut.skip("THEN")
        earlier = "".join(f" AND ({text}) IS NOT TRUE" for text in before.get(kind, ()))
        before.setdefault(kind, []).append(condition)
        where = f"({condition}){earlier}"
        if kind == "NOT MATCHED":
            where += f" AND NOT EXISTS (SELECT 1 FROM {target} AS {alias} WHERE {on})"
            yield _inserted(cut, target, source, other, where)
            continue
        if kind == "MATCHED":
            rows = f"{target} AS {alias} JOIN {source} ON {on} WHERE {where}"
        else:
            rows = f"{target} AS {alias} WHERE {where} AND NOT EXISTS (SELECT 1 FROM {source} WHERE {on})"
        if cut.skip("DELETE"):
            yield Change("delete", target, (), f"SELECT {alias}.{ROW} FROM {rows}")
        else:
            cut.skip("UPDATE")
            cut.skip("SET")
            columns, values = _assigned(cut.until("WHEN"))
            yield Change("update", target, columns, f"SELECT {alias}.{ROW}, {values} FROM {rows}")


def _inserted(cut: _Cut, target: str, source: str, other: str, where: str) -> Change:
    cut.skip("INSERT")
    if cut.skip("ROW"):
        raise ValueError(f"INSERT ROW of {other}: name the columns")
    columns = tuple(_name(column) for column in _listed(cut.bracket()))
    cut.skip("VALUES")
    return Change("insert", target, columns, f"SELECT {cut.bracket()} FROM {source} WHERE {where}")
