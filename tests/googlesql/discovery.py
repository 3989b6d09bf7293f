"""Every statement that there is, found by itself: files, what the adapters send, the infrastructure, the documents."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from googlesql.analyser import STAGING
from googlesql.recognising import statements
from googlesql.scripts import standing_in
from googlesql.senders import PREFIX, PROJECT, sent
from googlesql.texts import SQL, of_json, of_markdown, of_terraform
from googlesql.types import Type, parameter, scalar
from regen.adapters.bigquery.columns import _lists
from regen.schemas import Table, tables
from regen.sql import Names
from regen.sql.lists import lists
from regen.sql.render import filled as with_parts

ROOT = Path(__file__).parents[2]
NAMES = Names(PROJECT, PREFIX)
DEFINITION = re.compile(r"\s*CREATE OR REPLACE (VIEW|TABLE FUNCTION) `([^`]+)`(?: ?\((.*?)\))? AS\n", re.DOTALL)
INPUT_VIEW = "`${local.input_project}.${each.value.dataset}.${each.key}`"
#: What is made, fetched or hidden, and the tests.
_APART = frozenset({"build", "tests", "node_modules", "dist"})
_PLACE = re.compile(r"\{([a-z_0-9]+)\}")
_COMMENT = re.compile(r"^\s*--.*\n?", re.MULTILINE)


@dataclass(frozen=True)
class Found:
    """A statement or a script.

    Attributes:
        name: where it stands.
        parameters: their types, as they are sent.
        is_definition: a view or a function: its readers filter the partition, not it.
    """

    name: str
    text: str
    parameters: Mapping[str, Type]
    is_definition: bool = False


def found(suffix: str, root: Path = ROOT, within: str = "") -> list[Path]:
    """Every file of a kind that is a part of the project, or of one of its folders."""
    made = []
    for folder, below, names in os.walk(root / within):
        here = Path(folder)
        below[:] = [b for b in below if not b.startswith(".") and not (here == root and b in _APART)]
        made += [here / name for name in names if name.endswith(suffix)]
    return sorted(made)


def files(root: Path = ROOT) -> list[Path]:
    """Every .sql file that is a statement of its own."""
    return [f for f in found(".sql", root) if f.parent.name != "parts"]


def backed() -> list[Table]:
    """The tables of which a snapshot is taken a day."""
    return [t for t in tables() if t.made_again is None]


def filled(text: str) -> str:
    """The text of a file as it is sent."""
    places = {
        **{t.name: f"`{NAMES.table(t.name)}`" for t in tables()},
        **dict(lists(counted="measured" in text)),
        **dict(_lists({})),
        "nba_predictions": NAMES.dataset("nba_predictions"),
        "input_project": PROJECT,
        "project": PROJECT,
        "backups": f"{PROJECT}.{PREFIX}nba_predictions_backups",
        "snapshot_days": "14",
        "snapshot_tables": ", ".join(f"('{PREFIX}{t.dataset}', '{t.name}')" for t in backed()),
        "min_minutes": f"{NAMES.min_minutes:g}",
        "staging": f"`{NAMES.staging(STAGING)}`",
        "target": f"`{NAMES.table('player_game_summary')}`",
        **dict.fromkeys(("replacements", "staged", "dates", "columns", "fresh_columns", "assignments", "same"), "x"),
    }
    return _PLACE.sub(lambda m: places[m[1]], _COMMENT.sub("", with_parts(text))).strip()


def is_sent(file: Path, text: str) -> bool:
    """Whether a text that was sent is, or begins or ends with, that file."""
    at = 0
    for part in _PLACE.split(_COMMENT.sub("", with_parts(file.read_text(encoding="utf-8"))).strip())[::2]:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


@cache
def sendings() -> tuple[Found, ...]:
    """What the adapters send, each once, with the types that they send."""
    made: dict[tuple[str, str], Found] = {}
    for text, parameters in sent():
        types = {p["name"]: parameter(p["parameterType"]) for p in parameters}
        names = [file.stem for file in files() if is_sent(file, text)]
        name = "+".join(names) or text[:60]
        made[text, str(types)] = Found(name, text, types, DEFINITION.match(text) is not None)
    # The adapters send some at once: their order is no order that two processes would share.
    return tuple(made[key] for key in sorted(made))


def unsent() -> Iterator[Found]:
    """Files that nobody sends, with the types that others send under the same names."""
    known = {name: kind for one in sendings() for name, kind in one.parameters.items()}
    for file in files():
        if not any(is_sent(file, one.text) for one in sendings()):
            text = filled(file.read_text(encoding="utf-8"))
            yield Found(file.stem, text, known, DEFINITION.match(text) is not None)


def documented(root: Path = ROOT) -> Iterator[Found]:
    """SQL in the documents: blocks of SQL, and statements in other blocks and in a line of text."""
    for page in found(".md", root):
        texts: list[str] = []
        for language, text in of_markdown(page.read_text(encoding="utf-8")):
            if language in SQL:
                texts.append(text)
            else:
                texts += [re.sub(r"\\([`\"$])", r"\1", one) for one in statements(text)]
        for i, text in enumerate(texts):
            yield Found(f"{page.relative_to(root)}#{i}", _ours(text), {})


def planned(root: Path = ROOT) -> Iterator[Found]:
    """SQL in the infrastructure's own files; a view of what stands elsewhere is one of each input table."""
    read: dict[Path, Iterable[str]] = {
        **{f: of_terraform(_text(f)) for kind in (".tf", ".hcl") for f in found(kind, root, "infra")},
        **{f: of_json(_text(f)) for folder in ("infra", "src") for f in found(".json", root, folder)},
        **{f: [_text(f)] for kind in (".tftpl", ".yaml", ".yml") for f in found(kind, root, "infra")},
    }
    for file in sorted(read):
        for i, text in enumerate(one for whole in read[file] for one in statements(whole)):
            ours = text.replace("${local.sql_names.", "{")
            is_definition = INPUT_VIEW in ours
            ours = ours.replace(INPUT_VIEW, "nba_analytics.player_game_summary")
            yield Found(f"{file.relative_to(root)}#{i}", _ours(ours), {}, is_definition)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def functions() -> Iterator[Found]:
    """The bodies of table functions, their arguments as parameters."""
    for file in files():
        text = filled(file.read_text(encoding="utf-8"))
        if (definition := DEFINITION.match(text)) and definition[1] == "TABLE FUNCTION":
            arguments = dict(argument.split() for argument in definition[3].split(", "))
            body = standing_in(text[definition.end() :], list(arguments))
            yield Found(f"{file.stem}: body", body, {name: scalar(kind) for name, kind in arguments.items()})


@cache
def everything() -> tuple[Found, ...]:
    return (*sendings(), *unsent(), *documented(), *planned())


def _ours(text: str) -> str:
    """Names of tables as the catalogue has them, whatever project the text speaks of."""
    dataset = rf"({'|'.join(sorted({t.dataset for t in tables()}))})"
    text = re.sub(r"\{nba_predictions\}", NAMES.dataset("nba_predictions"), text)
    text = re.sub(rf"`[\w-]+\.{dataset}\.(\w+)`", rf"`{PROJECT}.{PREFIX}\1.\2`", text)
    return re.sub(rf"(?<![\w.`]){dataset}\.(\w+)", rf"`{PROJECT}.{PREFIX}\1.\2`", text).strip()
