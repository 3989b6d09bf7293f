"""Every statement that there is, found by itself: files, what the adapters send, the infrastructure, the documents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from googlesql.analyser import STAGING
from googlesql.senders import PREFIX, PROJECT, sent
from googlesql.types import Type, parameter
from regen.adapters.bigquery.columns import _lists
from regen.schemas import tables
from regen.sql import Names
from regen.sql.lists import lists
from regen.sql.render import filled as with_parts

ROOT = Path(__file__).parents[2]
NAMES = Names(PROJECT, PREFIX)
DEFINITION = re.compile(r"\s*CREATE OR REPLACE (VIEW|TABLE FUNCTION) `([^`]+)`(?: ?\((.*?)\))? AS\n", re.DOTALL)
INPUT_VIEW = "`${local.input_project}.${each.value.dataset}.${each.key}`"
_IN_TERRAFORM = re.compile(r"\b((?:SELECT|UPDATE|DELETE FROM|INSERT INTO|MERGE) [^\"\n]+ (?:FROM|SET|INTO) [^\"\n]+)")
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


def files() -> list[Path]:
    """Every .sql file that is a statement of its own."""
    found = (f for folder in ("src", "tools", "infra") for f in (ROOT / folder).rglob("*.sql"))
    return sorted(f for f in found if f.parent.name != "parts")


def filled(text: str) -> str:
    """The text of a file as it is sent."""
    places = {
        **{t.name: f"`{NAMES.table(t.name)}`" for t in tables()},
        **dict(lists(counted="measured" in text)),
        **dict(_lists({})),
        "nba_predictions": NAMES.dataset("nba_predictions"),
        "staging": f"`{NAMES.staging(STAGING)}`",
        "target": f"`{NAMES.table('player_game_summary')}`",
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
        found = Found("+".join(names) or text[:60], text, types, DEFINITION.match(text) is not None)
        made[text, str(types)] = found
    # The adapters send some at once: their order is no order that two processes would share.
    return tuple(made[key] for key in sorted(made))


def unsent() -> Iterator[Found]:
    """Files that nobody sends, with the types that others send under the same names."""
    known = {name: kind for found in sendings() for name, kind in found.parameters.items()}
    for file in files():
        if not any(is_sent(file, found.text) for found in sendings()):
            text = filled(file.read_text(encoding="utf-8"))
            yield Found(file.stem, text, known, DEFINITION.match(text) is not None)


def documented() -> Iterator[Found]:
    """SQL in the documents: blocks, and statements in a line of text."""
    for page in sorted((*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))):
        text = page.read_text(encoding="utf-8")
        blocks = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
        inline = re.findall(r"`((?:SELECT|WITH|UPDATE|DELETE|INSERT|MERGE|CREATE) [^`\n]+)`", text)
        for i, found in enumerate(text for text in (*blocks, *inline) if "..." not in text):
            yield Found(f"{page.relative_to(ROOT)}#{i}", _ours(found), {})


def planned() -> Iterator[Found]:
    """SQL in the infrastructure's own files; a view of what stands elsewhere is one of each input table."""
    for file in sorted((ROOT / "infra").rglob("*.tf")):
        for i, found in enumerate(_IN_TERRAFORM.findall(file.read_text(encoding="utf-8"))):
            text = found.replace("\\n", "\n").replace("${local.sql_names.", "{")
            is_definition = INPUT_VIEW in text
            text = text.replace(INPUT_VIEW, "nba_analytics.player_game_summary")
            yield Found(f"infra/{file.name}#{i}", _ours(text), {}, is_definition)


@cache
def everything() -> tuple[Found, ...]:
    return (*sendings(), *unsent(), *documented(), *planned())


def _ours(text: str) -> str:
    """Names of tables as the catalogue has them, whatever project the text speaks of."""
    dataset = rf"({'|'.join(sorted({t.dataset for t in tables()}))})"
    text = re.sub(r"\{nba_predictions\}", NAMES.dataset("nba_predictions"), text)
    text = re.sub(rf"`[\w-]+\.{dataset}\.(\w+)`", rf"`{PROJECT}.{PREFIX}\1.\2`", text)
    return re.sub(rf"(?<![\w.`]){dataset}\.(\w+)", rf"`{PROJECT}.{PREFIX}\1.\2`", text).strip()
