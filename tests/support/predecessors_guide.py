"""The guide of taking over, as an operator types it: the commands of each step, for a rehearsal to run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

GUIDE = Path(__file__).parents[2] / "docs" / "taking-over.md"
STOOD_IN: Mapping[str, str] = {
    "terraform -chdir=infra workspace": "Terraform's state; `make infra` plans and applies the definition",
    "terraform -chdir=infra import": "Terraform's state; tests/infra/test_adoption.py plans with these imports",
    "terraform -chdir=infra plan": "likewise",
    "terraform -chdir=infra apply": "tables and views are made from the same files, the shadow's of infra's own query",
    "terraform -chdir=infra destroy": "the local stack's relay is asked for nothing while the predecessor runs",
    "bq cp": "a copy in the emulator, by a statement",
    "bq update": "a clustering: metadata, which changes no answer",
    "gcloud secrets": "the stack has a key of its own; a bare secret is a key by a unit test",
    "gcloud firestore": "the emulator has neither exports nor bulk deletion: its client deletes the documents",
    "gcloud scheduler": "the predecessor's schedules do not run here",
    "gcloud pubsub": "the predecessor's subscription is not here; regen's own is",
    "regen --profile shadow": "the services in one process over the same emulator, in a project of their own",
}
"""What only gcloud, bq or Terraform can do, by how a command begins: what is done in the rehearsal in its place."""
RUN = ("regen ", "bq show", "bq query", "curl ", "SELECT ")
"""How commands begin that the rehearsal runs as they stand, but for dates, address and key."""
_STEP = re.compile(r"^## (\d)\. .*$", re.MULTILINE)
_BLOCK = re.compile(r"^```(sh|sql)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SET = re.compile(r"^(?:[A-Z]\w*=(?:'[^']*'|\S+) +(?:\\\n *)?)+")


@dataclass(frozen=True)
class Command:
    """A command of the guide.

    Attributes:
        step: the number of the guide's section.
        text: as it stands, without what is set before it.
    """

    step: int
    text: str

    @property
    def is_stood_in(self) -> bool:
        """Whether something else is done in its place."""
        return any(self.text.startswith(word) for word in STOOD_IN)


def commands(text: str | None = None) -> Iterator[Command]:
    """Every command of the guide's numbered steps, in order."""
    parts = _STEP.split(GUIDE.read_text(encoding="utf-8") if text is None else text)
    for number, body in zip(parts[1::2], parts[2::2], strict=True):
        for kind, block in _BLOCK.findall(body):
            found = [block.strip()] if kind == "sql" else re.split(r"(?<!\\)\n", block.strip())
            for one in found:
                yield Command(int(number), _SET.sub("", one))


def run(step: int, by: Mapping[str, Callable[[str], None]]) -> list[str]:
    """Run the commands of a step in order.

    Args:
        by: what runs or stands in for a command, by how it begins; the longest beginning counts.

    Returns:
        The commands.
    """
    done = []
    for command in commands():
        if command.step != step:
            continue
        (begins, act), *_ = sorted(
            ((word, act) for word, act in by.items() if command.text.startswith(word)), key=lambda found: -len(found[0])
        )
        assert begins
        act(command.text)
        done.append(command.text)
    return done
