"""A strict reader of HTML: what a parser forgives, a person with a screen reader does not."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
LABELLED = frozenset({"input", "select", "textarea"})
NAMED = frozenset({"a", "button", "summary", "th", "h1", "h2", "h3", "caption", "label", "option"})
PHRASING_ONLY = frozenset({"p", "h1", "h2", "h3", "span", "small", "b"})
BLOCKS = frozenset({"div", "p", "ul", "ol", "dl", "table", "section", "form", "nav", "h1", "h2", "h3", "details"})
FOREIGN = "svg"


@dataclass
class Element:
    """One element, with what is inside it."""

    tag: str
    attributes: dict[str, str | None]
    parent: Element | None
    line: int
    children: list[Element] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text inside, that of hidden parts left out."""
        if self.attributes.get("aria-hidden") == "true":
            return ""
        return "".join([*self.words, *(child.text for child in self.children)])

    def walk(self) -> Iterator[Element]:
        """This element and all below."""
        yield self
        for child in self.children:
            yield from child.walk()

    def inside(self, tag: str) -> bool:
        """Whether an element of that tag is above."""
        return self.parent is not None and (self.parent.tag == tag or self.parent.inside(tag))


class Reader(HTMLParser):
    """Builds the tree, and notes what does not fit."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("#", {}, None, 0)
        self.at = self.root
        self.wrong: list[str] = []

    def _say(self, what: str) -> None:
        self.wrong.append(f"line {self.getpos()[0]}: {what}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self._say(f"<{tag}> has an attribute twice")
        if self.at.tag in PHRASING_ONLY and tag in BLOCKS:
            self._say(f"<{tag}> inside <{self.at.tag}>")
        element = Element(tag, dict(attrs), self.at, self.getpos()[0])
        self.at.children.append(element)
        if tag not in VOID:
            self.at = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not (self.at.tag == FOREIGN or self.at.inside(FOREIGN)):
            self._say(f"<{tag}/> closes itself")
        self.at.children.append(Element(tag, dict(attrs), self.at, self.getpos()[0]))

    def handle_endtag(self, tag: str) -> None:
        if tag != self.at.tag:
            self._say(f"</{tag}> where </{self.at.tag}> is due")
            return
        assert self.at.parent is not None
        self.at = self.at.parent

    def handle_data(self, data: str) -> None:
        self.at.words.append(data)


def problems(text: str, *, fragment: bool = False) -> list[str]:
    """Everything that is wrong with a page."""
    reader = Reader()
    reader.feed(text)
    reader.close()
    found = list(reader.wrong)
    if reader.at is not reader.root:
        found.append(f"<{reader.at.tag}> of line {reader.at.line} is never closed")
    elements = list(reader.root.walk())[1:]
    found += [f"line {e.line}: {what}" for e in elements for what in _of_element(e)]
    found += _of_page(elements)
    if not fragment:
        found += _of_whole(text, elements)
    return found


def _of_element(e: Element) -> Iterator[str]:
    for name, value in e.attributes.items():
        if name == "style" or name.startswith("on"):
            yield f"<{e.tag}> has {name}"
        if name in {"href", "src", "action"} and value:
            where = urlsplit(value)
            if where.scheme in {"javascript", "data"} or (where.netloc and e.tag != "a"):
                yield f"<{e.tag}> leads to {value}"
    if e.tag == "style" or (e.tag == "script" and (not e.attributes.get("src") or e.text.strip())):
        yield f"<{e.tag}> is inline"
    yield from _unnamed(e)
    if e.tag == "tr":
        width = sum(int(c.attributes.get("colspan") or 1) for c in e.children)
        table = e.parent.parent if e.parent else None
        heads = [r for part in (table.children if table else ()) if part.tag == "thead" for r in part.children]
        if heads and width != len(heads[0].children):
            yield f"<tr> has {width} cells under {len(heads[0].children)} heads"


def _unnamed(e: Element) -> Iterator[str]:
    if e.tag in NAMED and not e.text.strip() and not e.attributes.get("aria-label") and not _is_empty_choice(e):
        yield f"<{e.tag}> has no name"
    if e.tag == "th" and e.attributes.get("scope") not in {"col", "row"}:
        yield "<th> has no scope"
    if e.tag == "table" and not any(child.tag == "caption" for child in e.children):
        yield "<table> has no caption"
    if e.tag == "svg" and e.attributes.get("aria-hidden") != "true" and not e.attributes.get("aria-label"):
        yield "<svg> has no name and is not hidden"
    if e.tag == "nav" and not e.attributes.get("aria-label"):
        yield "<nav> has no name"
    if e.tag == "button" and e.attributes.get("type") not in {"submit", "button"}:
        yield "<button> has no type"
    if e.tag == "progress" and not e.attributes.get("aria-label"):
        yield "<progress> has no name"
    if e.tag == "img" and "alt" not in e.attributes:
        yield "<img> has no alt"


def _is_empty_choice(e: Element) -> bool:
    return e.tag == "option" and "value" in e.attributes


def _of_page(elements: list[Element]) -> Iterator[str]:
    ids = [str(e.attributes["id"]) for e in elements if "id" in e.attributes]
    yield from (f"the id {name} is there {ids.count(name)} times" for name in sorted(set(ids)) if ids.count(name) > 1)
    labels = {e.attributes.get("for") for e in elements if e.tag == "label"}
    yield from (f"a label is for {name}, which is not there" for name in labels if name not in ids)
    for e in elements:
        if e.tag in LABELLED and e.attributes.get("type") != "hidden" and e.attributes.get("id") not in labels:
            yield f"line {e.line}: <{e.tag} name={e.attributes.get('name')}> has no label"
        for name in ("aria-labelledby", "aria-describedby"):
            if (to := e.attributes.get(name)) and to not in ids:
                yield f"line {e.line}: {name} names {to}, which is not there"
    levels = [int(e.tag[1]) for e in elements if e.tag in {"h1", "h2", "h3", "h4", "h5", "h6"}]
    if levels.count(1) != 1 or (levels and levels[0] != 1):
        yield f"the headings begin {levels[:3]}, with {levels.count(1)} of the first level"
    yield from (f"a heading of level {b} follows one of level {a}" for a, b in itertools.pairwise(levels) if b > a + 1)


def _of_whole(text: str, elements: list[Element]) -> Iterator[str]:
    if not text.startswith("<!doctype html>"):
        yield "no doctype"
    root = next((e for e in elements if e.tag == "html"), None)
    if root is None or not root.attributes.get("lang"):
        yield "no language"
    for tag in ("title", "main", "header", "footer"):
        if sum(e.tag == tag and not e.inside(FOREIGN) for e in elements) != 1:
            yield f"not one <{tag}>"
