"""A comparison of two models, or of what two sides predicted, as a table for people."""

from __future__ import annotations

from datetime import date

from regen.domain.texts import visible
from regen.training.compare_rows import Comparison
from regen.training.gate import Compared, Gate
from regen.training.line_table import figure
from regen.training.markdown import markdown

_HEAD = (
    "system",
    "population",
    "n",
    "MAE new",
    "other",
    "difference",
    "lines",
    "log loss new",
    "other",
    "difference",
    "80 % int. new",
    "other",
)


def gate_table(found: Gate) -> str:
    """The table, why the model does not pass, and the verdict as the last line."""
    new, other = found.new, found.against
    parts = [
        (
            f"{new.hash} (fitted on {new.first_date} to {new.last_date}) against {other.hash} (fitted on "
            f"{other.first_date} to {other.last_date}), on games from {found.first} to {found.last}."
        )
    ]
    parts += [f"Note: {visible(remark)}." for remark in found.remarks]
    parts.append(markdown([_HEAD, *(_cells(one) for one in found.compared)]))
    parts += [f"- {visible(problem)}" for problem in found.problems]
    parts.append(f"{found.verdict}: {new.hash} against {other.hash}")
    return "\n\n".join(parts) + "\n"


def compare_table(found: Comparison, first: date, last: date) -> str:
    """The table, under what is compared with what."""
    head = tuple(name.replace("new", "A").replace("other", "B") for name in _HEAD)
    parts = [f"A: {found.one}, B: {found.other}; on games from {first} to {last}. Differences are A's less B's."]
    if found.retrospective:
        parts.append(f"Note: {found.retrospective} pairs were predicted after tip-off.")
    parts.append(markdown([head, *(_cells(one) for one in found.compared)]))
    return "\n\n".join(parts) + "\n"


def _cells(one: Compared) -> tuple[str, ...]:
    losses = ["-" if loss is None else f"{loss:.4f}" for loss in one.log_loss]
    return (
        one.system_id,
        one.population,
        str(one.rows),
        *(f"{error:.3f}" for error in one.mae),
        figure(one.error, 3, sign=True),
        str(one.decided),
        *losses,
        figure(one.log_loss_difference, 4, sign=True),
        *(f"{share:.1f} %" for share in one.interval80),
    )
