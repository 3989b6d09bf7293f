"""The evaluation as a table for people."""

from __future__ import annotations

from collections.abc import Sequence

from regen.domain.texts import visible
from regen.training.evaluate import Evaluation
from regen.training.line_table import line_tables
from regen.training.markdown import markdown
from regen.training.measuring import Row

_HEAD = (
    "system",
    "n",
    "MAE",
    "vs exp.",
    "95 % interval",
    "vs line",
    "RMSE",
    "bias",
    "ECE",
    "perfect",
    "80 % int.",
    "conf. gap",
    "hits",
)
_TITLES = {"all": "All players", "lined": "Players with a line"}


def accuracy_table(evaluation: Evaluation) -> str:
    """The rows of each population, best first, as Markdown."""
    parts = [
        (
            f"{evaluation.first} to {evaluation.last}, fitted on games up to {evaluation.trained_until}, "
            f"refit: {evaluation.refit}, shot zones: {evaluation.zones.value}."
        )
    ]
    parts += [f"Note: {visible(remark)}." for remark in evaluation.remarks]
    for population, title in _TITLES.items():
        rows = sorted((row for row in evaluation.rows if row.population == population), key=lambda row: row.mae)
        if rows:
            parts.append(f"{title}\n\n{markdown([_HEAD, *(_cells(row) for row in rows)])}")
    parts += line_tables(evaluation.at_line)
    return "\n\n".join(parts) + "\n"


def side_by_side(evaluations: Sequence[Evaluation]) -> str:
    """The mean absolute errors of a window by the shot zones known, as Markdown; then each table."""
    head = ("system", *(evaluation.zones.value for evaluation in evaluations))
    parts = []
    for population, title in _TITLES.items():
        errors = [{r.name: r.mae for r in each.rows if r.population == population} for each in evaluations]
        names = sorted(errors[0], key=errors[0].__getitem__)
        rows = [(name, *(f"{found[name]:.3f}" if name in found else "-" for found in errors)) for name in names]
        if rows:
            parts.append(f"{title}, MAE by shot zones\n\n{markdown([head, *rows])}")
    return "\n\n".join(parts) + "\n\n" + "\n".join(accuracy_table(evaluation) for evaluation in evaluations)


def _cells(row: Row) -> tuple[str, ...]:
    versus = row.vs_exponential
    return (
        row.name,
        str(row.n),
        f"{row.mae:.3f}",
        f"{row.vs_exponential_pct:+.2f} %",
        f"{versus['lo']:+.3f} to {versus['hi']:+.3f}",
        _percent(row.vs_line_pct, sign=True),
        f"{row.rmse:.3f}",
        f"{row.bias:+.2f}",
        "-" if row.ece is None else f"{row.ece:.4f}",
        "-" if row.ece_perfect is None else f"{row.ece_perfect:.4f}",
        _percent(None if row.interval80 is None else 100 * row.interval80),
        "-" if row.confidence_gap is None else f"{row.confidence_gap:+.1f}",
        "-" if row.hit_rate is None else f"{100 * row.hit_rate:.1f} % of {row.picks}",
    )


def _percent(value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return "-"
    return f"{value:+.2f} %" if sign else f"{value:.1f} %"
