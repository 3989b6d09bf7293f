"""Takes scripts apart: what BigQuery's procedural language wraps around statements, as far as ours use it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|\#[^\n]*|/\*.*?\*/)
    |(?P<string>[rRbB]{0,2}(?:'{3}(?:\\.|.)*?'{3}|"{3}(?:\\.|.)*?"{3}|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
    |(?P<name>`(?:\\.|[^`\\])*`)
    |(?P<word>@{0,2}[A-Za-z_]\w*)
    |(?P<number>\d[\w.]*)
    |(?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text: where it stands, and `word` in capitals if it is one."""

    start: int
    end: int
    kind: str
    text: str

    @property
    def word(self) -> str:
        return self.text.upper() if self.kind in {"word", "sign"} else ""


@dataclass(frozen=True, slots=True)
class Statement:
    text: str


@dataclass(frozen=True, slots=True)
class Declare:
    names: tuple[str, ...]
    kind: str
    default: str


@dataclass(frozen=True, slots=True)
class Set:
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Raise:
    """`message` is empty where an error is raised again."""

    message: str


@dataclass(frozen=True, slots=True)
class If:
    """Branches in their order; ELSE is one whose condition is `TRUE`."""

    branches: tuple[tuple[str, tuple[Node, ...]], ...]


@dataclass(frozen=True, slots=True)
class For:
    """A loop over the rows of a query; `name` is each row."""

    name: str
    query: str
    body: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Block:
    body: tuple[Node, ...]
    handler: tuple[Node, ...] | None


@dataclass(frozen=True, slots=True)
class Transaction:
    """BEGIN, COMMIT or ROLLBACK."""

    act: str


Node: TypeAlias = Statement | Declare | Set | Raise | If | For | Block | Transaction


def tokens(text: str) -> list[Token]:
    """Everything but space and comments."""
    found = (Token(m.start(), m.end(), str(m.lastgroup), m[0]) for m in _TOKEN.finditer(text))
    return [token for token in found if token.kind != "space"]


def top_level(found: Sequence[Token]) -> Iterator[int]:
    """The positions of tokens that stand in no bracket and in no CASE."""
    depth = 0
    for i, token in enumerate(found):
        if token.word in {")", "]"} or (token.word == "END" and depth):
            depth -= 1
        if depth == 0:
            yield i
        if token.word in {"(", "[", "CASE"}:
            depth += 1


def parse(text: str) -> tuple[Node, ...]:
    """The script's parts in their order.

    Raises:
        ValueError: it uses what this does not know, such as loops.
    """
    parser = _Parser(text)
    nodes = parser.nodes(frozenset())
    if parser.at < len(parser.tokens):
        raise ValueError(f"unexpected {parser.tokens[parser.at].text}")
    return nodes


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.at = 0

    def word(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self.tokens[at].word if at < len(self.tokens) else ""

    def take(self, *words: str) -> None:
        for word in words:
            if self.word() != word:
                raise ValueError(f"expected {word} at {self.text[self.tokens[self.at - 1].start :][:80]!r}")
            self.at += 1

    def upto(self, *words: str) -> str:
        """The text before the first of the words that stands in no bracket; the word stays."""
        begin = self.at
        for i in top_level(self.tokens[begin:]):
            if self.tokens[begin + i].word in words:
                self.at = begin + i
                break
        else:
            self.at = len(self.tokens)
        if self.at == begin:
            return ""
        return self.text[self.tokens[begin].start : self.tokens[self.at - 1].end]

    def end(self) -> None:
        if self.word() == ";":
            self.at += 1

    def nodes(self, until: frozenset[str]) -> tuple[Node, ...]:
        found: list[Node] = []
        while self.at < len(self.tokens) and self.word() not in until:
            if self.word() == ";":
                self.at += 1
                continue
            found.append(self.node())
        return tuple(found)

    def node(self) -> Node:  # noqa: PLR0911 - one for each kind
        word, following = self.word(), self.word(1)
        if word in {"WHILE", "LOOP", "REPEAT", "CALL"} or (word == "CASE"):
            raise ValueError(f"{word} is not known here: teach it to tests/googlesql/scripts.py")
        if word in {"COMMIT", "ROLLBACK"} or (word == "BEGIN" and following in {"TRANSACTION", ";"}):
            self.upto(";")
            self.end()
            return Transaction(word)
        if word == "BEGIN":
            return self.block()
        if word == "IF":
            return self.condition()
        if word == "FOR":
            return self.loop()
        if word == "RAISE":
            self.at += 1
            if self.word() == "USING":
                self.take("USING", "MESSAGE", "=")
            message = self.upto(";")
            self.end()
            return Raise(message)
        if word == "DECLARE":
            return self.declaration()
        if word == "SET":
            self.at += 1
            name = self.upto("=")
            self.take("=")
            value = self.upto(";")
            self.end()
            return Set(name, value)
        text = self.upto(";")
        self.end()
        return Statement(text)

    def declaration(self) -> Declare:
        self.at += 1
        names = [self.tokens[self.at].text]
        self.at += 1
        while self.word() == ",":
            names.append(self.tokens[self.at + 1].text)
            self.at += 2
        kind = self.upto("DEFAULT", ";")
        default = ""
        if self.word() == "DEFAULT":
            self.at += 1
            default = self.upto(";")
        self.end()
        return Declare(tuple(names), kind, default)

    def block(self) -> Block:
        self.take("BEGIN")
        body = self.nodes(frozenset({"EXCEPTION", "END"}))
        handler = None
        if self.word() == "EXCEPTION":
            self.take("EXCEPTION", "WHEN", "ERROR", "THEN")
            handler = self.nodes(frozenset({"END"}))
        self.take("END")
        self.end()
        return Block(body, handler)

    def loop(self) -> For:
        self.take("FOR")
        name = self.tokens[self.at].text
        self.at += 1
        self.take("IN")
        query = self.upto("DO").removeprefix("(").removesuffix(")")
        self.take("DO")
        body = self.nodes(frozenset({"END"}))
        self.take("END", "FOR")
        self.end()
        return For(name, query, body)

    def condition(self) -> If:
        branches: list[tuple[str, tuple[Node, ...]]] = []
        while self.word() in {"IF", "ELSEIF"}:
            self.at += 1
            asked = self.upto("THEN")
            self.take("THEN")
            branches.append((asked, self.nodes(frozenset({"ELSEIF", "ELSE", "END"}))))
        if self.word() == "ELSE":
            self.at += 1
            branches.append(("TRUE", self.nodes(frozenset({"END"}))))
        self.take("END", "IF")
        self.end()
        return If(tuple(branches))


def standing_in(text: str, names: Sequence[str]) -> str:
    """The text with variables as parameters of the same names, which is how an analyser can know them."""
    known = {name.upper() for name in names}
    parts, last, before = [], 0, ""
    for token in tokens(text):
        if token.kind == "word" and token.word in known and before != ".":
            parts += [text[last : token.start], "@", token.text]
            last = token.end
        before = token.text
    return "".join([*parts, text[last:]])
